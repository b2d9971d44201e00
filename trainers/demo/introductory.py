"""The families of one step each."""

from trainers.demo.family import LETTERS, NO, WORDS, YES, Family, number, numbers, pair, word

K = range(2, 60)
_IF_ELSE = "if {}:\n    print({})\nelse:\n    print({})\n"


def _either(condition: str, yes: str, no: str) -> tuple[str, str]:
    """Return two ways to print one of two things."""
    return f"print({yes} if {condition} else {no})\n", _IF_ELSE.format(condition, yes, no)


INTRODUCTORY = (
    Family(
        name="plus",
        shape=number(),
        tasks=("Print the sum of n and $k.", "Add $k to n and print the result."),
        right=("print(n + $k)\n", "n += $k\nprint(n)\n", "total = n + $k\nprint(total)\n"),
        parameters={"k": K},
    ),
    Family(
        name="minus",
        shape=number(),
        tasks=("Print what is left of n without $k.", "Subtract $k from n and print the result."),
        right=("print(n - $k)\n", "n -= $k\nprint(n)\n", "rest = n - $k\nprint(rest)\n"),
        parameters={"k": K},
    ),
    Family(
        name="times",
        shape=number(),
        tasks=("Print the product of n and $k.", "Multiply n by $k and print the result."),
        right=("print(n * $k)\n", "n *= $k\nprint(n)\n", "product = n * $k\nprint(product)\n"),
        parameters={"k": K},
    ),
    Family(
        name="whole_part",
        shape=number(40, 999),
        tasks=("Print how many whole times $k goes into n.", "Divide n by $k, rounding down, and print the result."),
        right=("print(n // $k)\n", "n //= $k\nprint(n)\n", "times = n // $k\nprint(times)\n"),
        parameters={"k": K},
    ),
    Family(
        name="remainder",
        shape=number(20, 999),
        tasks=("Print the remainder of n divided by $k.", "Divide n by $k and print the remainder."),
        right=("print(n % $k)\n", "n %= $k\nprint(n)\n", "rest = n % $k\nprint(rest)\n"),
        parameters={"k": K},
    ),
    Family(
        name="line",
        shape=number(),
        tasks=("Print $k times n, plus $m.", "Multiply n by $k, add $m and print the result."),
        right=("print(n * $k + $m)\n", "print($k * n + $m)\n", "n *= $k\nn += $m\nprint(n)\n"),
        parameters={"k": range(2, 30), "m": range(2, 30)},
    ),
    Family(
        name="at_least",
        shape=number(),
        tasks=("Print the larger of n and $k.", "Print n, or $k if that is larger."),
        right=("print(max(n, $k))\n", "if n < $k:\n    n = $k\nprint(n)\n"),
        parameters={"k": range(10, 90)},
    ),
    Family(
        name="at_most",
        shape=number(),
        tasks=("Print the smaller of n and $k.", "Print n, or $k if that is smaller."),
        right=("print(min(n, $k))\n", "if n > $k:\n    n = $k\nprint(n)\n"),
        parameters={"k": range(10, 90)},
    ),
    Family(
        name="distance",
        shape=number(),
        tasks=("Print the distance between n and $k.", "Print how far n is from $k, without a sign."),
        right=("print(abs(n - $k))\n", "if n > $k:\n    print(n - $k)\nelse:\n    print($k - n)\n"),
        parameters={"k": range(10, 90)},
    ),
    Family(
        name="word_before",
        shape=word(),
        tasks=('Print "$word", a space and s.', 'Print the word s after "$word" and a space.'),
        right=('print("$word", s)\n', 'print("$word " + s)\n'),
        parameters={"word": WORDS},
    ),
    Family(
        name="word_behind",
        shape=word(),
        tasks=('Print s and "$word" without a space.', 'Append "$word" to the word s and print it.'),
        right=('print(s + "$word")\n', 's += "$word"\nprint(s)\n'),
        parameters={"word": WORDS},
    ),
    Family(
        name="repeat",
        shape=word(),
        tasks=("Print the word s $k times in a row.", "Write s $k times without spaces."),
        right=("print(s * $k)\n", 't = ""\nfor i in range($k):\n    t += s\nprint(t)\n'),
        parameters={"k": range(2, 30)},
    ),
    Family(
        name="count_letter",
        shape=word(),
        tasks=('Print how often "$x" is in s, plus $k.', 'Count the letter "$x" in s, add $k and print the result.'),
        right=('print(s.count("$x") + $k)\n', 'k = $k\nfor c in s:\n    if c == "$x":\n        k += 1\nprint(k)\n'),
        parameters={"x": "aeiorn", "k": range(2, 30)},
    ),
    Family(
        name="replace_letter",
        shape=word(),
        tasks=('Print s with "$x" in place of every "$y".', 'Replace each "$y" in s by "$x" and print it.'),
        right=('print(s.replace("$y", "$x"))\n', 's = s.replace("$y", "$x")\nprint(s)\n'),
        parameters={"x": [x for x in LETTERS if x not in "aeiorn"], "y": "aeiorn"},
    ),
    Family(
        name="over",
        shape=number(),
        tasks=('Print "$yes" if n is more than $k, else "$no".', 'Is n larger than $k? Print "$yes" or "$no".'),
        right=_either("n > $k", '"$yes"', '"$no"'),
        parameters={"yes": YES, "no": NO, "k": range(10, 90)},
    ),
    Family(
        name="divisible",
        shape=number(1, 30),
        tasks=('Print "$yes" if $k divides n, else "$no".', 'Is n a multiple of $k? Print "$yes" or "$no".'),
        right=_either("n % $k == 0", '"$yes"', '"$no"'),
        parameters={"yes": YES, "no": NO, "k": range(2, 10)},
    ),
    Family(
        name="sum_of_pair",
        shape=pair(),
        tasks=("Print the sum of a, b and $k.", "Add a, b and $k and print the result."),
        right=("print(a + b + $k)\n", "total = a + b + $k\nprint(total)\n"),
        parameters={"k": K},
    ),
    Family(
        name="product_of_pair",
        shape=pair(),
        tasks=("Print a times b, minus $k.", "Multiply a by b, subtract $k and print the result."),
        right=("print(a * b - $k)\n", "product = a * b\nprint(product - $k)\n"),
        parameters={"k": K},
    ),
    Family(
        name="sum_of_list",
        shape=numbers(),
        tasks=("Print the sum of the list and $k.", "Add up the list a and $k and print the result."),
        right=("print(sum(a) + $k)\n", "total = $k\nfor x in a:\n    total += x\nprint(total)\n"),
        parameters={"k": K},
    ),
    Family(
        name="letters_and_more",
        shape=word(),
        tasks=("Print the length of s times $k.", "Multiply the number of letters of s by $k and print it."),
        right=("print(len(s) * $k)\n", "n = len(s)\nprint(n * $k)\n"),
        parameters={"k": K},
    ),
)
