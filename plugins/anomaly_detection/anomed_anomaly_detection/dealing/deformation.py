"""A secret deformation of every image, so that nobody looks an image up in public data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from anomed_anomaly_detection.dealing.grid import on_grid

_ROTATION = np.deg2rad(10.0)
_SCALE = (0.92, 1.08)
_SHIFT_PX = 0.7
_GAIN = (0.85, 1.0)


def deformed(
    X: npt.ArrayLike, shape: Sequence[int], rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Rotate, scale, move and dim each image by a draw of its own.

    Rotation is uniform within 10 degrees, the scale in [0.92, 1.08], shifts within 0.7 pixels, the
    gain in [0.85, 1]; values between pixels are interpolated linearly, those beyond the edge are 0.

    Parameters
    ----------
    X
        Shape (n_images, h * w) or (n_images, h * w * channels), in [0, 1].
    shape
        (h, w) or (h, w, channels).
    rng
        Source of the draws; five numbers an image.

    Returns
    -------
    ndarray of float32, shape of `X`
        On the grid.
    """
    from scipy.ndimage import map_coordinates

    height, width = shape[:2]
    images = np.asarray(X, dtype=np.float64).reshape(len(np.asarray(X)), height, width, -1)
    n_images, n_channels = len(images), images.shape[-1]
    angle = rng.uniform(-_ROTATION, _ROTATION, n_images)
    scale = rng.uniform(*_SCALE, n_images)
    shift = rng.uniform(-_SHIFT_PX, _SHIFT_PX, (2, n_images))
    gain = rng.uniform(*_GAIN, n_images)
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    y, x = rows - (height - 1) / 2, columns - (width - 1) / 2
    cos, sin = (f(angle)[:, None, None] / scale[:, None, None] for f in (np.cos, np.sin))
    from_row = cos * y - sin * x + (height - 1) / 2 + shift[0][:, None, None]
    from_column = sin * y + cos * x + (width - 1) / 2 + shift[1][:, None, None]
    which = np.broadcast_to(np.arange(n_images)[:, None, None], from_row.shape)
    channels = [
        map_coordinates(
            images[..., channel],
            np.stack([which, from_row, from_column]),
            order=1,
            mode="constant",
        )
        for channel in range(n_channels)
    ]
    dimmed = np.stack(channels, axis=-1) * gain[:, None, None, None]
    return on_grid(dimmed.reshape(n_images, -1))
