"""A program that counts for as long as a file does not exist, and ends with the status 7."""

import sys
import time
from pathlib import Path

number = 0
while not Path(sys.argv[1]).exists():
    number += 1
    print(number, flush=True)
    time.sleep(0.1)
print("ended after", number)
sys.exit(7)
