"""``python -m anomed_anomaly_detection.scripts.eval_detector``."""

from anomed_anomaly_detection.commands.running import main

if __name__ == "__main__":
    main("eval_detector")
