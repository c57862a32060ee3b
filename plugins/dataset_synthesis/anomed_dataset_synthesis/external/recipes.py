"""What the libraries of other projects need; none of them is ever imported here."""

from pathlib import Path

from anomed_core.environments import Recipe

_DRIVERS = Path(__file__).parent / "drivers"
_TORCH = "torch==2.13.0"

MOSTLYAI_ENGINE = Recipe(
    name="mostlyai-engine",
    driver=_DRIVERS / "mostlyai_engine.py",
    # torch comes first, or the resolver prefers its CUDA builds; the torchvision and torchaudio
    # that come along are built for another torch, and their presence breaks the import
    install=((_TORCH,), (_TORCH, "mostlyai-engine==2.7.3")),
    uninstall=("torchvision", "torchaudio"),
)
SMARTNOISE_SYNTH = Recipe(
    name="smartnoise-synth",
    driver=_DRIVERS / "smartnoise_synth.py",
    install=((_TORCH,), (_TORCH, "smartnoise-synth==1.0.8", "cloudpickle", "pyarrow")),
)
DPMM = Recipe(
    name="dpmm",
    driver=_DRIVERS / "dpmm_priv_bayes.py",
    install=(("dpmm==0.1.9", "pyarrow==17.0.0"),),  # newer ones need numpy 2, dpmm pins 1.26
)

RECIPES = (MOSTLYAI_ENGINE, SMARTNOISE_SYNTH, DPMM)
