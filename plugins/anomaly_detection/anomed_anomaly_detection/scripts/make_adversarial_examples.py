"""``python -m anomed_anomaly_detection.scripts.make_adversarial_examples``."""

from anomed_anomaly_detection.commands.running import main

if __name__ == "__main__":
    main("make_adversarial_examples")
