"""What each file is: rules as data (:mod:`jettison.files.kinds.table`) and how they are matched."""

from jettison.files.kinds.match import Classifier, model_format
from jettison.files.kinds.table import KINDS, Kind

__all__ = ["KINDS", "Classifier", "Kind", "model_format"]
