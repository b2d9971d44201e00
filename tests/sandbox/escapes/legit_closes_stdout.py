# kind: stdio
# verdict: accepted
# threat: none: closes standard output after its answer
import sys

a, b = map(int, input().split())
sys.stdout.write(f"{a + b}\n")
sys.stdout.close()
