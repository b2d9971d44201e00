# kind: assert
# verdict: accepted
# threat: none: uses threads, a pool of them and a queue
import queue
import threading
from concurrent.futures import ThreadPoolExecutor


def add(a, b):
    box = queue.Queue()
    thread = threading.Thread(target=lambda: box.put(a + b))
    thread.start()
    thread.join()
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(int, [box.get(), 0]))
