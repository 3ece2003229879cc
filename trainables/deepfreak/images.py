"""Images where the network wants them: mapped from disk on the CPU, resident on a GPU."""

import numpy as np
import torch
from torch import Tensor

from trainables.deepfreak.data import Images


class DeviceImages:
    """Grey-level images that are handed out in batches on a device.

    On the CPU nothing is copied but the batch, so that all workers of a machine share the pages
    of one mapped file. On a GPU all images are uploaded once, as bytes.
    """

    def __init__(self, images: Images, device: torch.device) -> None:
        """Take (n, h, w) uint8 images."""
        self._device = device
        self._mapped = images
        self._resident: Tensor | None = None
        if device.type != "cpu":
            # Copied because torch refuses to wrap a read-only array without complaint.
            self._resident = torch.from_numpy(np.array(images)).to(device)

    def __len__(self) -> int:
        return len(self._mapped)

    def take(self, indices: Tensor) -> Tensor:
        """The images (n, h, w) uint8 at the given places, an int64 tensor on the device."""
        if self._resident is None:
            return torch.from_numpy(np.take(self._mapped, indices.numpy(), axis=0))
        return self._resident.index_select(0, indices)

    def slice(self, start: int, stop: int) -> Tensor:
        """The images from `start` up to, not including, `stop`."""
        if self._resident is None:
            return torch.from_numpy(np.array(self._mapped[start:stop]))
        return self._resident[start:stop]
