"""Faults to plant in the type of `traces`: what is changed, who finds it, and how it is called."""

import attrs


@attrs.frozen
class Planted:
    """A fault.

    Attributes
    ----------
    name
        What it is.
    check
        Which check finds it.
    message
        What its message holds.
    changes
        Texts of the type, and what stands in their place.
    """

    name: str
    check: str
    message: str
    changes: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return self.name


def planted(name: str, check: str, message: str, *changes: tuple[str, str]) -> Planted:
    return Planted(name, check, message, changes)


KNOWN = '{part: {"cells": data[f"{part} known"]} for part in PARTS}'
SHUFFLED = 'return {"cells": cells[order_of(challenge, request)]}'
PUBLISHED = 'anomed.ArraysSchema.of(cells=data["tuning cells"]).described(cells=visits)'
ORDER = """return challenge.lottery.permutation(
        N_PEOPLE, "order", request.split.value, request.anonymizer or ""
    )"""


def named(expression: str) -> tuple[tuple[str, str], ...]:
    """Show a pseudonym of each owner beside the traces."""
    shown = f'{{"cells": cells[owner], "pseudonym": {expression}}}'
    schema = (
        'anomed.ArraysSchema.of(cells=data["tuning cells"], pseudonym=np.zeros(N_PEOPLE, int))'
        '.described(cells=visits, pseudonym="An arbitrary number.")'
    )
    return (
        (SHUFFLED, f"owner = order_of(challenge, request)\n        return {shown}"),
        (PUBLISHED, schema),
    )


HASHES = """np.array(
            [int(__import__("hashlib").sha256(str(o).encode()).hexdigest()[:8], 16) for o in owner]
        )"""


def unreturned(first: str) -> tuple[str, str]:
    """Forget to return a list."""
    return f"    return [\n        {first}", f"    [\n        {first}"


MEASURE = 'what is published of it, in cells."""\n'


def measuring(*lines: str) -> tuple[str, str]:
    """Do something while a trip's error is measured."""
    return MEASURE, MEASURE + "".join(f"    {line}\n" for line in lines)


JUMPS = "anomed.Metric.of(trip_jumps, bounds=(0, 300)),\n                "
JUMPING = """def trip_jumps(truth, given):
    \"\"\"Mean distance between visits.\"\"\"
    return np.abs(np.diff(given, axis=1)).mean()


"""

TRUTH = [
    planted(
        "originals of the final for attackers",
        "no-truth-of-validation",
        "the data product /data/deanonymizer/originals holds the ground truth of anonymizer "
        "(validation), baseline 'perfect anonymizer' (['cells'][:, 0])",
        (KNOWN, KNOWN + ' | {"originals": {"cells": data["validation cells"]}}'),
    ),
    planted(
        "homes in the order of people",
        "truth-not-reordered",
        "the data product /data/deanonymizer/tuning holds the ground truth of deanonymizer "
        "(tuning), baseline 'perfect deanonymizer' (['home']) in another order, in ['home']",
        (KNOWN, KNOWN.replace('known"]}', 'known"], "home": data[f"{part} home"]}')),
    ),
    planted(
        "originals as rows among those of others",
        "truth-not-reordered",
        "the data product /data/deanonymizer/crowd holds most rows of the ground truth of "
        "anonymizer (tuning), baseline 'perfect anonymizer' in ['cells']",
        (
            KNOWN,
            KNOWN
            + ' | {"crowd": {"cells": np.concatenate([data[f"{p} cells"] for p in PARTS])[::-1]}}',
        ),
    ),
    planted(
        "order told as 7 * owner + 3",
        "truth-not-renamed",
        "the data product /data/deanonymizer/published names the ground truth of deanonymizer "
        "(tuning), baseline 'perfect deanonymizer' (['owner']) in ['pseudonym']: each of its "
        "values always goes with the same truth, whatever the secret is",
        *named("7 * owner + 3"),
    ),
    planted(
        "order told as SHA-256 of the owner",
        "truth-not-renamed",
        "(['owner']) in ['pseudonym']: each of its values always goes with the same truth, "
        "whatever the secret is",
        *named(HASHES),
    ),
    planted(
        "order told by names that are drawn once for all",
        "truth-not-renamed",
        "(['owner']) in ['pseudonym']: each of its values always goes with the same truth, "
        "whoever is attacked",
        *named('challenge.lottery.permutation(N_PEOPLE, "names")[owner]'),
    ),
    planted(
        "order told in the clear",
        "no-truth-of-tuning",
        "holds the ground truth of deanonymizer (tuning), baseline 'perfect deanonymizer' "
        "(['owner'][:, 0]) in ['pseudonym']",
        *named("owner"),
    ),
    planted(
        "people from a public seed",
        "truth-drawn",
        "the ground truth of anonymizer (tuning), baseline 'perfect anonymizer' (['cells'][:, 0]) "
        "is the same under another secret, so whoever has the plugin knows it",
        ('context.lottery.generator("people", part)', "np.random.default_rng(len(part))"),
    ),
    planted(
        "one order for tuning and the final",
        "truth-drawn",
        "the ground truth of deanonymizer (tuning), baseline 'perfect deanonymizer' "
        "(['owner'][:, 0]) is the same for validation, so what tuning tells is known in the final",
        ('"order", request.split.value, ', '"order", '),
    ),
    planted(
        "truth from 0 to n - 1 for everybody",
        "truth-drawn",
        "(['owner'][:, 0]) is the same under another secret, so whoever has the plugin knows it: "
        "draw it from context.lottery or challenge.lottery; and sorted, so nobody needs to guess",
        (ORDER, "return np.arange(N_PEOPLE)"),
    ),
]

SCORING = [
    planted(
        "products not shuffled although the truth is",
        "attacks-win",
        "the attack 'nearest trace' (tuning) scores top_1 = ",
        (SHUFFLED, 'return {"cells": cells}'),
    ),
    planted(
        "an attack with what others are given",
        "attacks-win",
        "the attack 'nearest trace' (tuning) fails: KeyError: '/data/anonymizer/tuning; attackers "
        "may read /data/deanonymizer/tuning, ",
        ('products[f"/data/deanonymizer/{', 'products[f"/data/anonymizer/{'),
    ),
    planted(
        "direction of another metric",
        "baselines-hold",
        "is perfect but scores heat_error = 0, worse than the trivial 'trivial anonymizer' with "
        "1 (higher is better)",
        ('heat_error, direction="lower"', "heat_error"),
    ),
    planted(
        "chance where guessing gives less",
        "chance-as-declared",
        "top_1 declares chance=0.5, but deanonymizer (tuning), baseline 'trivial deanonymizer', "
        "which knows nothing, scores 0.025",
        ("chance=1 / N_PEOPLE", "chance=0.5"),
    ),
    planted(
        "a constant as the metric that ranks",
        "metrics-vary",
        "top_1 of deanonymizer is 0.25 for whatever is handed in, so it measures nothing",
        ("return (given[:, 0] == truth[:, 0]).mean()", "return 0.25"),
    ),
    planted(
        "bounds that alternating traces exceed",
        "constant-input-scored",
        "lowest and highest in turn): anomed_evaluate_utility: trip_jumps must be finite and "
        "within [0, 300]",
        ("anomed.Metric.of(heat_error", JUMPS + "anomed.Metric.of(heat_error"),
        ("def heat_error", JUMPING + "def heat_error"),
    ),
    planted(
        "one guess that counts five times",
        "constant-input-scored",
        "the first value of each row in the whole row: anomed_evaluate_threat: top_5 must be "
        "finite and within [0, 1], got 5.0",
        ("(given == truth[:, :1]).any(axis=1)", "(given == truth[:, :1]).sum(axis=1)"),
    ),
    planted(
        "NaN that scores as the truth does",
        "nothing-scores-like-the-truth",
        "deanonymizer (tuning), NaN everywhere scores home_found = 1, as well as the perfect "
        "baseline",
        ('kinds=["float"],', 'kinds=["float"], finite=False,'),
        ("(np.abs(given - truth) <= 1).mean()", "1 - (np.abs(given - truth) > 1).mean()"),
    ),
    planted(
        "evaluations that take long",
        "scored-in-time",
        " s to score; the server gives up after evaluation_timeout_s = 1 of the configuration's",
        measuring("import time", "time.sleep(0.55)"),
    ),
    planted(
        "evaluations that do not end",
        "scored-in-time",
        "anonymizer (tuning), baseline 'perfect anonymizer' was not scored within 1 s and given up",
        measuring("import time", "time.sleep(9)"),
    ),
]

SURROUNDINGS = [
    planted(
        "a connection",
        "no-side-effects",
        "the evaluation does socket.connect ('127.0.0.1', 9), at {plugin}:26",
        measuring("import socket", 'socket.socket().connect_ex(("127.0.0.1", 9))'),
    ),
    planted(
        "a port that is listened on",
        "no-side-effects",
        "the evaluation does socket.bind ('127.0.0.1', 0), at {plugin}:26",
        measuring("import socket", 'socket.socket().bind(("127.0.0.1", 0))'),
    ),
    planted(
        "a name that is looked up",
        "no-side-effects",
        "the evaluation does socket.gethostbyname 'localhost', at {plugin}:26",
        measuring("import socket", 'socket.gethostbyname("localhost")'),
    ),
    planted(
        "a file in the working directory",
        "no-side-effects",
        "the evaluation does open 'log.txt' for writing, at {plugin}:25",
        measuring('with open("log.txt", "a") as file:', '    file.write("scored")'),
    ),
    planted(
        "a file that is removed",
        "no-side-effects",
        "the evaluation does os.remove 'log.txt', at {plugin}:28",
        measuring(
            "import contextlib",
            "import os",
            "with contextlib.suppress(OSError):",
            '    os.remove("log.txt")',
        ),
    ),
    planted(
        "a program",
        "no-side-effects",
        "the evaluation does subprocess.Popen 'true', at {plugin}:26",
        measuring("import subprocess", 'subprocess.run(["true"])'),
    ),
    planted(
        "the hour",
        "independent-of-the-clock",
        "400 days and 7 hours later, the metrics of anonymizer (tuning), baseline 'perfect "
        "anonymizer' differ: trip_error is",
        measuring("import time", "return float(time.localtime().tm_hour)"),
    ),
    planted(
        "the day of the month, by a name of one's own",
        "independent-of-the-clock",
        "400 days and 7 hours later, the metrics of anonymizer (tuning)",
        ("import numpy as np\n", "import numpy as np\nfrom datetime import date\n"),
        measuring("return float(date.today().toordinal() % 30)"),
    ),
    planted(
        "the year",
        "independent-of-the-clock",
        "400 days and 7 hours later, the metrics of anonymizer (tuning)",
        measuring("import time", "return float(time.gmtime().tm_year % 7)"),
    ),
    planted(
        "the minute",
        "independent-of-the-clock",
        "400 days and 7 hours later, the metrics of anonymizer (tuning)",
        measuring("import time", "return float(time.localtime().tm_min)"),
    ),
    planted(
        "a list of the module that grows in each worker",
        "nothing-remembered",
        "traces_planted.SEEN, which each worker has for itself",
        ("PARTS = (", "SEEN = []\nPARTS = ("),
        measuring("SEEN.append(1)"),
    ),
    planted(
        "a list as a default of the configuration",
        "configuration-kept-apart",
        "Config.areas has the default [], which every challenge of the process shares and may "
        "change: attrs.field(factory=list)",
        ("radius: int = 5", "radius: int = 5\n    areas: list = []"),
    ),
    planted(
        "a default of the configuration that grows",
        "configuration-kept-apart",
        "Config.areas has the default [1], which every challenge",
        ("radius: int = 5", "radius: int = 5\n    areas: list = attrs.field(default=[1])"),
    ),
    planted(
        "arrays of products that nobody describes",
        "described",
        "no description: array cells of data product /data/deanonymizer/published",
        (".described(cells=visits)", ""),
    ),
]

EMPTY = [
    planted(
        "forgotten return of submission kinds",
        "something-to-check",
        "no submission kind is declared, so nothing can be handed in: does "
        "anomed_submission_kinds return what it makes?",
        (
            "    return [\n        anomed.SubmissionKind.of",
            "    [\n        anomed.SubmissionKind.of",
        ),
    ),
    planted(
        "forgotten return of products",
        "something-to-check",
        "no data product is declared, so nothing is handed out",
        unreturned("*anomed.DataProduct.of_parts("),
    ),
    planted(
        "no secret truth",
        "no-truth-of-tuning",
        "no perfect baseline for tuning holds an array that is secret from some role",
        ("            known_to={", "            known_to={'public', 'deanonymizer', "),
        ("perfect=whose", "perfect=whose, known_to={'public', 'anonymizer', 'deanonymizer'}"),
    ),
]
