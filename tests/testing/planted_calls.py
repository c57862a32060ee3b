"""Faults to plant in the operations of `secret_numbers`; see `planted`."""

from .planted import planted

COST = 'return [anomed.Line(questions, "question", len(call.payload))]'
SUM = "return int(numbers(call)[call.payload].sum())"

CALLS = [
    planted(
        "a price of private data",
        "prices-public",
        "POST /operations/add-up by anonymizer with [0, 1] costs {} question of 'questions' and, "
        "where the secret is another one, {} question of 'questions': its price tells private data "
        "for nothing; make it of the request and of what is public",
        (COST, COST.replace("len(call.payload)", "int(challenge.definition['tuning'][0])")),
    ),
    planted(
        "a price that the answer changes",
        "prices-public",
        "POST /operations/add-up by anonymizer with [0, 1] costs 2 question of 'questions' before "
        "it is answered and 3 question of 'questions' afterwards: its price depends on the answer, "
        "which is not known when it is reserved",
        ("LARGEST = 1023", "LARGEST = 1023\nSUMS = []"),
        (SUM, f"SUMS.append(1)\n        {SUM}"),
        (COST, COST.replace("len(call.payload)", "len(call.payload) + len(SUMS)")),
    ),
    planted(
        "an answer that costs more than its price",
        "calls-answered",
        "POST /operations/add-up by anonymizer with [0, 1]: the operation 'add-up' spends 9 "
        "question of 'questions' instead of 2, which it had reserved; an answer costs its price at "
        "most (in plugin 'secret_numbers_planted', hook anomed_operations, at {plugin}:",
        (SUM, 'return anomed.Answer(payload=1, spent=[anomed.Line(questions, "question", 9)])'),
    ),
    planted(
        "a sealed account that goes on",
        "sealed-accounts-closed",
        "POST /operations/add-up by anonymizer with [0, 1] is answered although 'questions' is "
        "sealed: its price takes nothing from it, so a sealed account goes on; let every call cost "
        "something",
        (COST, f"{COST} if len(call.payload) > 2 else []"),
    ),
    planted(
        "an answer that is no document",
        "calls-answered",
        "POST /operations/compare by anonymizer with {'place': 0, 'than': 512}: the operation "
        "'compare' answers with what is no JSON document: Object of type bool",
        ("bool(numbers(call)", "(numbers(call)"),
    ),
    planted(
        "an operation that fails",
        "calls-answered",
        "POST /operations/add-up by anonymizer with [0, 1]: KeyError: 'all' (in plugin "
        "'secret_numbers_planted', hook anomed_operations, at {plugin}:",
        (SUM, 'return challenge.definition["all"]'),
    ),
    planted(
        "an operation that nobody describes",
        "described",
        "no description: operation add-up",
        ('"""Tell the sum of the numbers at some places; costs as many questions."""', '""""""'),
    ),
]

PEEK = '''    def peek(call):
        """Tell all numbers."""
        return challenge.definition["tuning"].tolist()

    return [
        anomed.Operation.of(peek, audience="public", cheap=True),
        anomed.Operation.of(
            compare'''

TOLD = [
    planted(
        "the truth for whoever asks",
        "no-truth-of-tuning",
        "the answer to POST /operations/peek by public holds the ground truth of anonymizer "
        "(tuning), baseline 'perfect anonymizer'",
        ("    return [\n        anomed.Operation.of(\n            compare", PEEK),
    ),
]

UNCHECKED = [
    planted(
        "examples that are refused",
        "calls-answered",
        "no example is answered of the operations 'add-up' (The places are not all different; name "
        "each once.); give the JSON Schema of their requests examples that are",
        ("[[0, 1], [0, 1, 2, 3, 4]]", "[[0, 0]]"),
    ),
    planted(
        "no examples",
        "calls-answered",
        "an operation cannot be called: /operations/add-up declares no columns or arrays to make "
        "dummy data from, and no examples; give its JSON Schema examples",
        (', "examples": [[0, 1], [0, 1, 2, 3, 4]]', ""),
    ),
]
