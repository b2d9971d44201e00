# kind: stdio
# verdict: accepted
# threat: none: uses multiprocessing with two forked workers
import multiprocessing


def total(pair):
    return sum(pair)


if __name__ == "__main__":
    numbers = tuple(map(int, input().split()))
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(total, [numbers, (1, 2)])[0])
