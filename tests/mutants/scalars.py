"""The scalar cores of the statements, and false variants of them, as texts of claims."""

from __future__ import annotations

from .variants import Scalar

_RATE = ("0 < J < 1",)
_MEANS = (*_RATE, "J*gp + (1 - J)*gm == 0", "D == gp - gm")
_BARTLETT = (*_RATE, "J*(hp + vp + ((1-J)*D)**2) + (1-J)*(hm + vm + (J*D)**2) == 0")
_TERMS = (
    "L > 0", "abs(hp) <= L", "abs(hm) <= L", "0 <= vp", "vp <= G**2", "0 <= vm", "vm <= G**2",
)  # fmt: skip
_STEP_ = ("D > 0", "kappa > 0", "eta > 0")
_SAFE = (*_STEP_, "eta <= D/kappa")
_PAIR = ("0 < p < 1", "0 < q < 1")
_ODDS = (*_PAIR, "E > 0", "E*p/(1-p) <= q/(1-q)")
_HERE = ("L > 0", "0 < J < 1", "D > 0", "eta > 0")

SCALARS: tuple[Scalar, ...] = (
    Scalar("setting.mean-bounds", "strict", ("w > 0", "m == w*c/w"), "m <= c", "m < c"),
    Scalar(
        "setting.log-odds-order", "reversed", (*_PAIR, "p/(1-p) < q/(1-q)"), "p < q", "q < p"
    ),
    Scalar("setting.rate", "reversed", _ODDS, "p/(p + (1-p)/E) <= q", "q <= p/(p + (1-p)/E)"),
    Scalar("setting.rate", "J and 1 - J", _ODDS, "p/(p + (1-p)/E) <= q", "p/(1 - p + p/E) <= q"),
    Scalar(
        "setting.variance-bounds", "99/100", ("v + m**2 <= c**2",), "v <= c**2",
        "v <= 99/100*c**2",
    ),
    Scalar(
        "setting.three-responses", "sign", ("rho > 0", "J == rho/(1 + rho)"),
        "h0/(1 - J) == h0 + rho*h0", "h0/(1 - J) == h0 - rho*h0",
    ),
    Scalar(
        "setting.three-responses", "J and 1 - J", ("rho > 0",),
        "2*rho/(2*rho + 2) == rho/(1 + rho)", "2*rho/(2*rho + 2) == 1/(1 + rho)",
    ),
    Scalar("gap.score-identity", "J and 1 - J", _MEANS, "gp == (1 - J)*D", "gp == J*D"),
    Scalar("gap.score-identity", "minus side", _MEANS, "gm == -J*D", "gm == J*D"),
    Scalar("gap.policy-gradient", "one factor", _MEANS, "J*gp == J*(1 - J)*D", "J*gp == J*D"),
    Scalar("gap.log-odds-gradient", "g+", _MEANS, "J*gp/(J*(1 - J)) == D",
           "J*gp/(J*(1 - J)) == gp"),
    Scalar(
        "gap.objective", "one factor", _MEANS, "y*J*gp == y*J*(1 - J)*D", "y*J*gp == y*J*D"
    ),
    Scalar(
        "gap.norm", "99/100", (*_RATE, "abs((1-J)*D) <= G", "abs(J*D) <= G"),
        "abs(D) <= G/max(J, 1 - J)", "abs(D) <= 99/100*G/max(J, 1 - J)",
    ),
    Scalar(
        "gap.norm", "199/100", (*_RATE, "G >= 0"), "G/max(J, 1 - J) <= 2*G",
        "G/max(J, 1 - J) <= 199/100*G",
    ),
    Scalar(
        "gap.curvature-one-sided", "J and 1 - J", _BARTLETT,
        "hp + vp - hm - vm == (hp + vp)/(1 - J) + J*D**2",
        "hp + vp - hm - vm == (hp + vp)/J + J*D**2",
    ),
    Scalar(
        "gap.curvature-one-sided", "sign", _BARTLETT,
        "hp + vp - hm - vm == -(hm + vm)/J - (1 - J)*D**2",
        "hp + vp - hm - vm == -(hm + vm)/J + (1 - J)*D**2",
    ),
    Scalar(
        "trajectory.step-sizes", "101/100", _SAFE, "eta*D - kappa*eta**2/2 >= eta*D/2",
        "eta*D - kappa*eta**2/2 >= eta*D/2", (*_STEP_, "eta <= 101/100*D/kappa"),
    ),
    Scalar(
        "trajectory.step-sizes", "201/100", (*_STEP_, "eta < 2*D/kappa"),
        "eta*D - kappa*eta**2/2 > 0", "eta*D - kappa*eta**2/2 > 0",
        (*_STEP_, "eta < 201/100*D/kappa"),
    ),
    Scalar(
        "trajectory.curvature", "99/100 of G**2", _TERMS,
        "abs(hp + vp - hm - vm) <= 2*L + G**2", "abs(hp + vp - hm - vm) <= 2*L + 99/100*G**2",
    ),
    Scalar(
        "trajectory.curvature", "199/100 of L", _TERMS,
        "abs(hp + vp - hm - vm) <= 2*L + G**2", "abs(hp + vp - hm - vm) <= 199/100*L + G**2",
    ),
    Scalar(
        "trajectory.descent", "49/100", ("gain == eta*D - kappa*eta**2/2", "kappa > 0"),
        "abs(gain - eta*D) <= kappa*eta**2/2", "abs(gain - eta*D) <= 49/100*kappa*eta**2",
    ),
    Scalar(
        "trajectory.monotone", "201/100",
        ("L > 0", "eta > 0", "eta < 2*D/(2*L + G**2)", "gain >= eta*D - (2*L + G**2)*eta**2/2"),
        "gain > 0", "gain > 0",
        ("L > 0", "eta > 0", "eta < 201/100*D/(2*L + G**2)",
         "gain >= eta*D - (2*L + G**2)*eta**2/2"),
    ),
    Scalar(
        "trajectory.monotone", "no step",
        ("L > 0", "eta > 0", "eta < 2*D/(2*L + G**2)"), "eta*D - (2*L + G**2)*eta**2/2 > 0",
        "eta*D - (2*L + G**2)*eta**2/2 > 0", ("L > 0", "eta >= 0", "eta < 2*D/(2*L + G**2)"),
    ),
    Scalar(
        "trajectory.best-step", "201/100", ("L > 0",),
        "u*D - (2*L + G**2)*u**2/2 <= D**2/(2*(2*L + G**2))",
        "u*D - (2*L + G**2)*u**2/2 <= D**2/(201/100*(2*L + G**2))",
    ),
    Scalar(
        "trajectory.best-step", "51/100", ("kappa > 0", "D > 0", "eta == D/kappa"),
        "eta*D - kappa*eta**2/2 == D**2/(2*kappa)", "eta*D - kappa*eta**2/2 == 51/100*D**2/kappa",
    ),
    Scalar(
        "trajectory.log-success", "99/100", ("L > 0", "abs(hp) <= L", "vp >= 0"),
        "hp + vp >= -L", "hp + vp >= -99/100*L",
    ),
    Scalar(
        "trajectory.one-step", "1 - J to J",
        (*_HERE, "rise >= eta*(1 - J)*D - L*eta**2/2", "gain >= rise/(1 - J)"),
        "gain >= eta*D - L*eta**2/(2*(1 - J))", "gain >= eta*D - L*eta**2/(2*J)",
    ),
    Scalar(
        "trajectory.success-step", "201/100",
        (*_HERE, "eta < 2*D/min((L + G**2)/J, L/(1 - J))"),
        "eta*D - min((L + G**2)/J, L/(1 - J))*eta**2/2 > 0",
        "eta*D - min((L + G**2)/J, L/(1 - J))*eta**2/2 > 0",
        (*_HERE, "eta < 201/100*D/min((L + G**2)/J, L/(1 - J))"),
    ),
    Scalar(
        "trajectory.success-step", "51/100",
        (*_HERE, "eta <= D*(1 - J)/L"),
        "eta*D - L*eta**2/(2*(1 - J)) >= eta*D/2",
        "eta*D - L*eta**2/(2*(1 - J)) >= 51/100*eta*D",
    ),
    Scalar(
        "trajectory.gain", "51/100", _SAFE, "eta*D - kappa*eta**2/2 >= eta*D/2",
        "eta*D - kappa*eta**2/2 >= 51/100*eta*D",
    ),
    Scalar(
        "trajectory.gain", "149/100", _SAFE, "eta*D + kappa*eta**2/2 <= 3/2*eta*D",
        "eta*D + kappa*eta**2/2 <= 149/100*eta*D",
    ),
    Scalar(
        "trajectory.gain", "no threshold", _SAFE, "eta*D - kappa*eta**2/2 >= eta*D/2",
        "eta*D - kappa*eta**2/2 >= eta*D/2", _STEP_,
    ),
    Scalar(
        "trajectory.threshold", "101/100",
        ("L > 0", "D > 0", "eta > 0", "eta <= D/(2*L + G**2)"),
        "eta*D - (2*L + G**2)*eta**2/2 >= eta*D/2", "eta*D - (2*L + G**2)*eta**2/2 >= eta*D/2",
        ("L > 0", "D > 0", "eta > 0", "eta <= 101/100*D/(2*L + G**2)"),
    ),
    Scalar(
        "trajectory.threshold", "L + G**2",
        ("L > 0", "D > 0", "eta > 0", "eta <= D/(2*L + G**2)"),
        "eta*D - (2*L + G**2)*eta**2/2 >= eta*D/2", "eta*D - (2*L + G**2)*eta**2/2 >= eta*D/2",
        ("L > 0", "D > 0", "eta > 0", "eta <= D/(L + G**2)"),
    ),
    Scalar(
        "trajectory.threshold", "strict", ("L > 0",),
        "(2*L + 16*G**2)/(2*L + G**2) >= 1", "(2*L + 16*G**2)/(2*L + G**2) > 1",
    ),
    Scalar(
        "trajectory.threshold", "15", ("L > 0",),
        "(2*L + 16*G**2)/(2*L + G**2) < 16", "(2*L + 16*G**2)/(2*L + G**2) < 15",
    ),
    Scalar(
        "trajectory.threshold", "no L", ("L > 0",),
        "2*L + 16*G**2 < 16*(2*L + G**2)", "2*L + 16*G**2 < 16*(2*L + G**2)", ("L >= 0",),
    ),
    Scalar(
        "trajectory.two-sided", "149/100", ("gain <= 3/2*M", "M >= 0"), "gain <= 3*M/2",
        "gain <= 149/100*M",
    ),
    Scalar(
        "trajectory.stagnation", "half", ("0 < J < 1", "0 < e < 1"),
        "J/(J + (1 - J)*e) < 1", "J/(J + (1 - J)*e) < 1/2",
    ),
    Scalar(
        "trajectory.stagnation", "no bound", ("gain <= 3*M/2", "M <= B"), "gain <= 3*B/2",
        "gain <= 3*B/2", ("gain <= 3*M/2",),
    ),
    Scalar(
        "trajectory.ceiling", "199/100", ("M >= 0", "M/2 <= gain", "gain <= top - start"),
        "M <= 2*(top - start)", "M <= 199/100*(top - start)",
    ),
    Scalar(
        "trajectory.ceiling", "no ceiling", ("M >= 0", "M/2 <= gain", "gain <= top - start"),
        "M <= 2*(top - start)", "M <= 2*(top - start)", ("M >= 0", "M/2 <= gain"),
    ),
    Scalar(
        "trajectory.threshold-success", "51/100", (*_HERE, "eta <= D*J/(L + G**2)"),
        "eta*D - (L + G**2)*eta**2/(2*J) >= eta*D/2",
        "eta*D - (L + G**2)*eta**2/(2*J) >= 51/100*eta*D",
    ),
    Scalar(
        "trajectory.gradient-sum", "1 - J_0", ("0 < J < 1", "0 < JK < 1", "S/2 <= JK - J"),
        "S <= 2*(1 - J)", "S <= 1 - J",
    ),
    Scalar(
        "trajectory.gradient-sum", "51/100", (*_HERE, "eta <= D*(1 - J)/L"),
        "J*(1 - J)*eta*D - J*L*eta**2/2 >= eta*J*(1 - J)*D/2",
        "J*(1 - J)*eta*D - J*L*eta**2/2 >= 51/100*eta*J*(1 - J)*D",
    ),
    Scalar(
        "trajectory.gradient-sum-instance", "17/100", ("S >= 2/3*1/2*(1 - 1/2)",),
        "S >= 1/6", "S >= 17/100",
    ),
    Scalar(
        "trajectory.realisable", "1/5", ("0 < p < 1",), "p*(1 - p)*g**2 <= g**2/4",
        "p*(1 - p)*g**2 <= g**2/5",
    ),
    Scalar(
        "trajectory.realisable", "99/100", ("0 < p < 1", "abs(f1) <= g"), "abs((1-p)*f1) <= g",
        "abs((1-p)*f1) <= 99/100*g",
    ),
    Scalar(
        "trajectory.collapse", "no drift", ("a > 0", "omega > 0"), "6*a/omega > 0",
        "6*a/omega > 0", ("omega > 0",),
    ),
    Scalar(
        "trajectory.collapse", "5 pi", ("0 < a", "a < b", "omega > 0"),
        "(4*b + 3*(a + b)**2/omega)/(b - a) > 4", "(4*b + 3*(a + b)**2/omega)/(b - a) > 5",
    ),
    Scalar(
        "trajectory.success-curvature", "strict", ("L > 0", "0 < J < 1"),
        "min((L + G**2)/J, L/(1 - J)) <= 2*L + G**2",
        "min((L + G**2)/J, L/(1 - J)) < 2*L + G**2",
    ),
    Scalar(
        "trajectory.success-curvature", "peak", ("L > 0", "J == (L + G**2)/(2*L + G**2)"),
        "L/(1 - J) == 2*L + G**2", "L/(1 - J) == 2*L + G**2",
        ("L > 0", "G > 0", "J == L/(2*L + G**2)"),
    ),
    Scalar(
        "trajectory.sharp", "199/100", ("L > 0", "G > 0"),
        "-L - (L + G**2)/L*L == -(2*L + G**2)", "-L - (L + G**2)/L*L == -(199/100*L + G**2)",
    ),
    Scalar(
        "trajectory.tight-step", "rho > 1/2", ("delta > 0", "D == 3*delta", "rho > 1"),
        "rho*2*D/3 > 2*delta", "rho*2*D/3 > 2*delta",
        ("delta > 0", "D == 3*delta", "rho > 1/2"),
    ),
    Scalar(
        "trajectory.tabular", "51/100", ("x >= 0", "y >= 0", "x + y == 1"),
        "x**2 + y**2 >= 1/2", "x**2 + y**2 >= 51/100",
    ),
)  # fmt: skip
