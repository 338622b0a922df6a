"""The store's folder, in which posters are kept."""

from tests.attachments.conftest import folder as folder
