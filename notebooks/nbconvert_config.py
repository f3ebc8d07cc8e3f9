"""How the stored outputs are made; from the root of the repository:

    jupyter nbconvert --config notebooks/nbconvert_config.py notebooks/*.ipynb

Executes the notebooks from top to bottom and writes them back, without anything that differs
from run to run or from machine to machine.
"""

c = get_config()  # noqa: F821

c.NbConvertApp.export_format = "notebook"
c.NbConvertApp.use_output_suffix = False
c.FilesWriter.build_directory = ""
c.ExecutePreprocessor.enabled = True
c.ExecutePreprocessor.kernel_name = "python3"
c.ExecutePreprocessor.record_timing = False
c.ExecutePreprocessor.timeout = 120
c.ClearMetadataPreprocessor.enabled = True
c.ClearMetadataPreprocessor.preserve_nb_metadata_mask = {"kernelspec", ("language_info", "name")}
