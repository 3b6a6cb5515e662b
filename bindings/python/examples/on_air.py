"""On the air from NumPy: open the address that it prints."""
import os
import time

import numpy as np

import framewire

source = framewire.Source(width=640, height=360, audio=False)
server = framewire.Server(os.environ.get("FRAMEWIRE_BIND"), media_address=os.environ.get("FRAMEWIRE_MEDIA_ADDRESS"))
server.publish("numpy", source)
print(server.url("watch/numpy"), flush=True)
y, x = np.mgrid[:360, :640]
for n in range(10**9):
    waves = [np.sin(x / 50 + n / 9), np.sin(y / 40 - n / 7), np.sin((x + y) / 60 + n / 8)]
    source.push((127 + 120 * np.dstack(waves)).astype(np.uint8))  # never blocks; the newest wins
    time.sleep(1 / 30)
