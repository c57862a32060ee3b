"""``python -m anomed_anomaly_detection.scripts.train_classifier``."""

from anomed_anomaly_detection.commands.running import main

if __name__ == "__main__":
    main("train_classifier")
