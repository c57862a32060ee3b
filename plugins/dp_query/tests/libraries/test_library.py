"""What libraries have in common."""

from anomed_dp_query.libraries.library import Library, QueryRefused, Released


class Counting:
    """A library without noise, as far as the protocol goes."""

    name = "counting"

    def missing(self):
        return None

    def read(self, body, table):
        return body

    def price(self, question, table, policy):
        return 0

    def run(self, question, frame, table, policy):
        return Released(kind="count", result={"value": len(frame)})


def test_what_has_the_four_methods_is_a_library():
    assert isinstance(Counting(), Library)
    assert not isinstance(object(), Library)


def test_a_refusal_says_whose_words_it_is_in():
    assert QueryRefused("No.").library == ""
    assert QueryRefused("No.", "opendp").library == "opendp"
