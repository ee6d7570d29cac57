"""What an attack is: a function with a name and a sentence saying what it would gain, tried in the states that it names."""

STATES = ("before", "collecting", "open", "issuing over", "closing", "closed")
ATTACKS = []


def attack(*states):
    """Registers an attack for these states, all if none is named. It fails by an assertion: then the attacker got it."""

    def register(function):
        assert function.__doc__, f"{function.__name__} does not say what it would gain"
        ATTACKS.append((function, states or STATES))
        return function

    return register


def same(answers, what):
    """All these answers are one and the same, to the last byte."""
    first = answers[0]
    for other in answers[1:]:
        assert other == first, f"{what}: the answers differ\n{first}\n{other}"


def refused(reply, *problems):
    """The answer is one of these refusals."""
    assert reply is not None and reply.problem() in problems, f"expected {problems}, got {reply}"
