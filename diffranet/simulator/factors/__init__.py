"""Structure factors: a table by Miller index, drawn from statistics or read from a file."""

from diffranet.simulator.factors.files import check_factors_file, factors_digest, load_factors
from diffranet.simulator.factors.model import BulkSolvent, read_model
from diffranet.simulator.factors.reciprocal import MillerBox, inverse_d_squared, resolution_box
from diffranet.simulator.factors.reflections import read_mtz, read_reflection_cif
from diffranet.simulator.factors.stored import load_table, save_table
from diffranet.simulator.factors.table import StructureFactors
from diffranet.simulator.factors.text import read_hkl_text
from diffranet.simulator.factors.wilson import WilsonModel, wilson_factors

__all__ = [
    "BulkSolvent",
    "MillerBox",
    "StructureFactors",
    "WilsonModel",
    "check_factors_file",
    "factors_digest",
    "inverse_d_squared",
    "load_factors",
    "load_table",
    "read_hkl_text",
    "read_model",
    "read_mtz",
    "read_reflection_cif",
    "resolution_box",
    "save_table",
    "wilson_factors",
]
