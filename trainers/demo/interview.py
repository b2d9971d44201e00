"""The families of a loop or a condition for each item."""

from trainers.demo.family import LETTERS, MARKS, WORDS, Family, number, numbers, pair, word, words

K = range(2, 60)

INTERVIEW = (
    Family(
        name="count_over",
        shape=numbers(),
        tasks=("Print how many numbers are more than $k.", "Count the numbers of a above $k and print the result."),
        right=(
            "print(sum(x > $k for x in a))\n",
            "print(len([x for x in a if x > $k]))\n",
            "n = 0\nfor x in a:\n    if x > $k:\n        n += 1\nprint(n)\n",
        ),
        parameters={"k": range(8, 52)},
    ),
    Family(
        name="sum_divisible",
        shape=numbers(),
        tasks=("Print the sum of the multiples of $k in a, plus $m.", "Add the numbers of a that $k divides to $m."),
        right=(
            "print(sum(x for x in a if x % $k == 0) + $m)\n",
            "total = $m\nfor x in a:\n    if x % $k == 0:\n        total += x\nprint(total)\n",
        ),
        parameters={"k": range(2, 8), "m": K},
    ),
    Family(
        name="each_plus",
        shape=numbers(),
        tasks=("Print every number plus $k, on one line.", "Add $k to each number of a and print them in a line."),
        right=(
            "print(*[x + $k for x in a])\n",
            "for i in range(len(a)):\n    a[i] += $k\nprint(*a)\n",
        ),
        parameters={"k": K},
    ),
    Family(
        name="each_times",
        shape=numbers(),
        tasks=("Print every number times $k, a line each.", "Multiply each number of a by $k, print one on a line."),
        right=(
            "for x in a:\n    print(x * $k)\n",
            "for i in range(len(a)):\n    print(a[i] * $k)\n",
        ),
        parameters={"k": K},
    ),
    Family(
        name="countdown",
        shape=number(20, 80),
        tasks=("Print n, then $k less each time, while above 0.", "Count down from n by $k to above 0, a line each."),
        right=(
            "while n > 0:\n    print(n)\n    n -= $k\n",
            "for i in range(n, 0, -$k):\n    print(i)\n",
        ),
        parameters={"k": range(4, 60)},
    ),
    Family(
        name="sum_of_multiples",
        shape=number(60, 200),
        tasks=("Print the sum of the multiples of $k up to n.", "Add up all multiples of $k that are at most n."),
        right=(
            "print(sum(range($k, n + 1, $k)))\n",
            "total = 0\nfor i in range($k, n + 1, $k):\n    total += i\nprint(total)\n",
        ),
        parameters={"k": range(3, 60)},
    ),
    Family(
        name="spread",
        shape=numbers(),
        tasks=("Print the largest minus the smallest number, times $k.", "Print $k times the range of the list a."),
        right=(
            "print((max(a) - min(a)) * $k)\n",
            "a.sort()\nprint((a[-1] - a[0]) * $k)\n",
        ),
        parameters={"k": K},
    ),
    Family(
        name="digit_sum",
        shape=number(100, 9999),
        tasks=("Print the sum of the digits of n, plus $k.", "Add up the digits of n and $k and print the result."),
        right=(
            "print(sum(map(int, str(n))) + $k)\n",
            "total = $k\nwhile n > 0:\n    total += n % 10\n    n //= 10\nprint(total)\n",
            "total = $k\nfor c in str(n):\n    total += int(c)\nprint(total)\n",
        ),
        parameters={"k": K},
    ),
    Family(
        name="count_word",
        shape=words(),
        tasks=('Print how many words are "$word".', 'Count the word "$word" in the list w and print the result.'),
        right=(
            'print(w.count("$word"))\n',
            'n = 0\nfor x in w:\n    if x == "$word":\n        n += 1\nprint(n)\n',
        ),
        parameters={"word": WORDS},
    ),
    Family(
        name="without_word",
        shape=words(),
        tasks=('Print the words but "$word", a line each.', 'Leave out the word "$word" and print one on a line.'),
        right=(
            'for x in w:\n    if x != "$word":\n        print(x)\n',
            'print(*[x for x in w if x != "$word"], sep="\\n")\n',
        ),
        parameters={"word": WORDS},
    ),
    Family(
        name="long_words",
        shape=words(),
        tasks=('Print the words of over $k letters, joined by "$mark".', 'Join words longer than $k with "$mark".'),
        right=(
            'print("$mark".join(x for x in w if len(x) > $k))\n',
            'print("$mark".join([x for x in w if len(x) > $k]))\n',
        ),
        parameters={"k": range(4, 6), "mark": MARKS},
    ),
    Family(
        name="join_words",
        shape=words(),
        tasks=('Print the words, joined by "$word".', 'Put "$word" between the words and print them without spaces.'),
        right=('print("$word".join(w))\n', 'print(*w, sep="$word")\n'),
        parameters={"word": WORDS},
    ),
    Family(
        name="fizz",
        shape=number(5, 12),
        tasks=(
            'Print 1 to n, a line each, but "$word" for multiples of $k.',
            'Count from 1 to n on lines; say "$word" where $k divides.',
        ),
        right=(
            'for i in range(1, n + 1):\n    print("$word" if i % $k == 0 else i)\n',
            'for i in range(1, n + 1):\n    if i % $k == 0:\n        print("$word")\n    else:\n        print(i)\n',
        ),
        parameters={"word": WORDS, "k": range(2, 5)},
    ),
    Family(
        name="backwards",
        shape=word(),
        tasks=('Print s backwards, then "$word".', 'Reverse the word s, append "$word" and print it.'),
        right=(
            'print(s[::-1] + "$word")\n',
            't = ""\nfor c in s:\n    t = c + t\nprint(t + "$word")\n',
        ),
        parameters={"word": WORDS},
    ),
    Family(
        name="keep_small",
        shape=numbers(),
        tasks=(
            "Print the numbers that are at most $k, on one line.",
            "Leave out all above $k, print the rest in a line.",
        ),
        right=(
            "print(*[x for x in a if x <= $k])\n",
            "b = []\nfor x in a:\n    if x <= $k:\n        b.append(x)\nprint(*b)\n",
        ),
        parameters={"k": range(10, 52)},
    ),
    Family(
        name="clamp",
        shape=numbers(),
        tasks=("Print the numbers cut to $k at least and $m at most.", "Move each number into $k to $m; print a line."),
        right=(
            "print(*[min(max(x, $k), $m) for x in a])\n",
            "print(*[max($k, min(x, $m)) for x in a])\n",
        ),
        parameters={"k": range(5, 25), "m": range(30, 55)},
    ),
    Family(
        name="first_over",
        shape=numbers(),
        tasks=("Print the first number above $k, or -1.", "Find the first of a that is over $k; print -1 if none."),
        right=(
            "b = [x for x in a if x > $k]\nprint(b[0] if b else -1)\n",
            "for x in a:\n    if x > $k:\n        print(x)\n        break\nelse:\n    print(-1)\n",
        ),
        parameters={"k": range(20, 58)},
    ),
    Family(
        name="vowels",
        shape=word(),
        tasks=("Print the number of vowels of s, times $k.", "Count a, e, i, o and u in s and print $k times that."),
        right=(
            'print(sum(c in "aeiou" for c in s) * $k)\n',
            'n = 0\nfor c in s:\n    if c in "aeiou":\n        n += 1\nprint(n * $k)\n',
        ),
        parameters={"k": K},
    ),
    Family(
        name="running_total",
        shape=numbers(),
        tasks=(
            "Print the running total from $k on, a line each.",
            "Start with $k, add each number, print every total.",
        ),
        right=(
            "total = $k\nfor x in a:\n    total += x\n    print(total)\n",
            "for i in range(len(a)):\n    print(sum(a[:i + 1]) + $k)\n",
        ),
        parameters={"k": K},
    ),
    Family(
        name="between",
        shape=pair(1, 60),
        tasks=("Print the multiples of $k from a to b, on one line.", "Which of a to b does $k divide? Print a line."),
        right=(
            "print(*[i for i in range(a, b + 1) if i % $k == 0])\n",
            "c = []\nfor i in range(a, b + 1):\n    if i % $k == 0:\n        c.append(i)\nprint(*c)\n",
        ),
        parameters={"k": range(2, 30)},
    ),
    Family(
        name="starts_with",
        shape=words(),
        tasks=('Print the number of words that begin with "$x", plus $k.', 'Count words starting with "$x", add $k.'),
        right=(
            'print(sum(x[0] == "$x" for x in w) + $k)\n',
            'n = $k\nfor x in w:\n    if x[0] == "$x":\n        n += 1\nprint(n)\n',
        ),
        parameters={"x": LETTERS[:12], "k": range(2, 30)},
    ),
)
