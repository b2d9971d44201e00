"""The families of several steps, or of a clever one."""

from trainers.demo.family import MARKS, NO, WORDS, YES, Family, column, number, numbers, pair, word, words

K = range(2, 60)

COMPETITION = (
    Family(
        name="second_largest",
        shape=numbers(),
        tasks=("Print the second largest distinct number, plus $k.", "Add $k to the largest but one of distinct a."),
        right=(
            "print(sorted(set(a))[-2] + $k)\n",
            "a = set(a)\na.remove(max(a))\nprint(max(a) + $k)\n",
        ),
        parameters={"k": K},
    ),
    Family(
        name="commonest",
        shape=numbers(1, 9),
        tasks=("Print the number that is most often in a, the smallest of them, times $k.", "Print $k times the mode."),
        right=(
            "print(max(sorted(a), key=a.count) * $k)\n",
            (
                "best = min(a)\nfor x in sorted(a):\n    if a.count(x) > a.count(best):\n        best = x\n"
                "print(best * $k)\n"
            ),
        ),
        parameters={"k": K},
    ),
    Family(
        name="pairs_of_sum",
        shape=numbers(1, 12),
        tasks=("Print how many pairs of a have the sum $k, plus $m.", "Count pairs that add up to $k and add $m."),
        right=(
            (
                "c = $m\nfor i in range(len(a)):\n    for j in range(i):\n        if a[i] + a[j] == $k:\n"
                "            c += 1\nprint(c)\n"
            ),
            "c = $m\nfor i in range(len(a)):\n    c += a[:i].count($k - a[i])\nprint(c)\n",
        ),
        parameters={"k": range(9, 16), "m": range(2, 30)},
    ),
    Family(
        name="longest_run",
        shape=numbers(),
        tasks=("Print the length of the longest run of numbers above $k.", "How long is the longest run over $k?"),
        right=(
            "best = run = 0\nfor x in a:\n    run = run + 1 if x > $k else 0\n    best = max(best, run)\nprint(best)\n",
            (
                "best = run = 0\nfor x in a:\n    if x > $k:\n        run += 1\n    else:\n        run = 0\n"
                "    best = max(best, run)\nprint(best)\n"
            ),
        ),
        parameters={"k": range(8, 45)},
    ),
    Family(
        name="stairs",
        shape=number(8, 24),
        tasks=("Print the ways to climb n stairs by steps of 1 or $k, times $m.", "Ways to n by 1 or $k, times $m."),
        right=(
            (
                "d = [1]\nfor i in range(1, n + 1):\n    d.append(d[i - 1] + (d[i - $k] if i >= $k else 0))\n"
                "print(d[n] * $m)\n"
            ),
            "d = [1] * (n + 1)\nfor i in range($k, n + 1):\n    d[i] = d[i - 1] + d[i - $k]\nprint(d[n] * $m)\n",
        ),
        parameters={"k": range(2, 7), "m": range(2, 30)},
    ),
    Family(
        name="caesar",
        shape=word(),
        tasks=('Print s with each letter moved by $k, and "$mark".', 'Shift letters of s by $k, append "$mark".'),
        right=(
            't = ""\nfor c in s:\n    t += chr((ord(c) - 97 + $k) % 26 + 97)\nprint(t + "$mark")\n',
            'print("".join(chr((ord(c) - 97 + $k) % 26 + 97) for c in s) + "$mark")\n',
        ),
        parameters={"k": range(2, 25), "mark": MARKS},
    ),
    Family(
        name="either_divides",
        shape=number(10**9, 10**12),
        tasks=("Print how many of 1 to n are multiples of $k or $m.", "Count 1 to n where $k or $m divides."),
        right=(
            "from math import lcm\nprint(n // $k + n // $m - n // lcm($k, $m))\n",
            "from math import gcd\nc = $k * $m // gcd($k, $m)\nprint(n // $k + n // $m - n // c)\n",
        ),
        slow=(
            "c = 0\nfor i in range(1, n + 1):\n    if i % $k == 0 or i % $m == 0:\n        c += 1\nprint(c)\n",
            "print(sum(i % $k == 0 or i % $m == 0 for i in range(1, n + 1)))\n",
        ),
        parameters={"k": range(2, 12), "m": range(12, 30)},
    ),
    Family(
        name="triangle",
        shape=number(10**9, 10**12),
        tasks=("Print the sum of 1 to n, times $k.", "Add up all integers from 1 to n and print $k times that."),
        right=("print(n * (n + 1) // 2 * $k)\n", "total = n * (n + 1) // 2\nprint(total * $k)\n"),
        slow=(
            "print(sum(range(n + 1)) * $k)\n",
            "total = 0\nfor i in range(n + 1):\n    total += i\nprint(total * $k)\n",
        ),
        parameters={"k": K},
    ),
    Family(
        name="last_digits",
        shape=number(),
        tasks=("Print n to the power $k, modulo $m.", "Print the remainder of n to the power $k divided by $m."),
        right=(
            "print(pow(n, $k, $m))\n",
            "print(n ** $k % $m)\n",
            "p = 1\nfor i in range($k):\n    p = p * n % $m\nprint(p)\n",
        ),
        parameters={"k": range(3, 40), "m": range(11, 99)},
    ),
    Family(
        name="base_digits",
        shape=number(100, 99999),
        tasks=("Print the sum of the digits of n in base $k.", "Write n in base $k and print the sum of its digits."),
        right=(
            "total = 0\nwhile n > 0:\n    total += n % $k\n    n //= $k\nprint(total)\n",
            "total = 0\nwhile n:\n    n, d = divmod(n, $k)\n    total += d\nprint(total)\n",
        ),
        parameters={"k": range(2, 60)},
    ),
    Family(
        name="halvings",
        shape=number(200, 9999),
        tasks=("Print how often n can be halved until it is below $k.", "Halve n until below $k; print how often."),
        right=(
            "c = 0\nwhile n >= $k:\n    n //= 2\n    c += 1\nprint(c)\n",
            "c = 0\nwhile not n < $k:\n    n = n // 2\n    c += 1\nprint(c)\n",
        ),
        parameters={"k": range(2, 90)},
    ),
    Family(
        name="common_divisor",
        shape=pair(2, 60),
        tasks=("Print the greatest common divisor of a and b, plus $k.", "Add $k to the gcd of a and b."),
        right=(
            "from math import gcd\nprint(gcd(a, b) + $k)\n",
            "while b > 0:\n    a, b = b, a % b\nprint(a + $k)\n",
        ),
        parameters={"k": K},
    ),
    Family(
        name="common_multiple",
        shape=pair(2, 60),
        tasks=("Print the least common multiple of a and b, times $k.", "Multiply the lcm of a and b by $k."),
        right=(
            "from math import lcm\nprint(lcm(a, b) * $k)\n",
            "from math import gcd\nprint(a * b // gcd(a, b) * $k)\n",
        ),
        parameters={"k": K},
    ),
    Family(
        name="best_neighbours",
        shape=column(),
        tasks=("Print the largest sum of two neighbours in a, times $k.", "Best sum of neighbours of a, times $k."),
        right=(
            "print(max(a[i] + a[i + 1] for i in range(n - 1)) * $k)\n",
            "best = 0\nfor i in range(1, n):\n    best = max(best, a[i - 1] + a[i])\nprint(best * $k)\n",
        ),
        parameters={"k": K},
    ),
    Family(
        name="fewest_coins",
        shape=number(20, 99),
        tasks=("Print the fewest coins of 1, $k and $m that make n.", "With coins of 1, $k and $m, pay n with fewest."),
        right=(
            (
                "d = [0]\nfor i in range(1, n + 1):\n    d.append(1 + min(d[i - c] for c in (1, $k, $m) if c <= i))\n"
                "print(d[n])\n"
            ),
            (
                "d = list(range(n + 1))\nfor c in (1, $k, $m):\n    for i in range(c, n + 1):\n"
                "        d[i] = min(d[i], d[i - c] + 1)\nprint(d[n])\n"
            ),
        ),
        parameters={"k": range(3, 9), "m": range(10, 20)},
    ),
    Family(
        name="squares",
        shape=numbers(),
        tasks=("Print the sum of the squares of the numbers above $k.", "Add up x squared for each x of a over $k."),
        right=(
            "print(sum(x * x for x in a if x > $k))\n",
            "total = 0\nfor x in a:\n    if x > $k:\n        total += x ** 2\nprint(total)\n",
        ),
        parameters={"k": range(8, 52)},
    ),
    Family(
        name="by_length",
        shape=words(),
        tasks=('Print the words by length, then alphabet, after "$word".', 'Print "$word", then words by length, abc.'),
        right=(
            'print("$word", *sorted(w, key=lambda x: (len(x), x)))\n',
            'w.sort()\nw.sort(key=len)\nprint("$word", *w)\n',
        ),
        parameters={"word": WORDS},
    ),
    Family(
        name="palindrome",
        shape=numbers(0, 1, 3, 4),
        tasks=('Print "$yes" if a is a palindrome, else "$no".', 'Is a the same backwards? Print "$yes" or "$no".'),
        right=(
            'print("$yes" if a == a[::-1] else "$no")\n',
            'if a == a[::-1]:\n    print("$yes")\nelse:\n    print("$no")\n',
        ),
        parameters={"yes": YES, "no": NO},
    ),
    Family(
        name="letters_once",
        shape=word(),
        tasks=('Print the letters of s in order, each once, joined by "$word".', 'Sort the set of s, join by "$word".'),
        right=(
            'print("$word".join(sorted(set(s))))\n',
            't = []\nfor c in sorted(s):\n    if c not in t:\n        t.append(c)\nprint("$word".join(t))\n',
        ),
        parameters={"word": WORDS},
    ),
)
