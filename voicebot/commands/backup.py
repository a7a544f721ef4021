"""`voicebot backup` and `voicebot restore`: what the data directory holds, as one file.

That is the embedded Valkey's records, the journals, and the secret of the stream's tokens. A Redis
of one's own is backed up by its own means; then the file has the rest.

Journals are read before the records: what a server brings from one to the other meanwhile is then
in both, and the next replay knows that it was applied.
"""

import asyncio
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, closing
from pathlib import Path, PurePosixPath
from typing import Annotated, Final

import typer

from voicebot.errors import SettingsError, VoicebotError
from voicebot.runtime.data_dir import own_data_dir, prepare_data_dir
from voicebot.settings import load_settings
from voicebot.store import AWAY, connect, running_url

_RECORDS: Final = "valkey"
_JOURNALS: Final = "journal"
_SECRET: Final = "stream-secret"
_KEPT: Final = (_RECORDS, _JOURNALS, _SECRET)
_REWRITES: Final = "auto-aof-rewrite-percentage"
_POLL_S: Final = 0.1


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, like voicebot.tar.gz.")],
) -> None:
    """Write records and journals of the data directory into one file; a server may be running.

    \b
    voicebot backup /backup/voicebot-$(date +%F).tar.gz

    It holds customers' data: only its owner may read it, and what is forgotten later stays in it.
    With VOICEBOT_REDIS_URL the records are that Redis's own matter, and not in the file.
    """
    data_dir = load_settings().data_dir.absolute()
    if not any((data_dir / name).exists() for name in _KEPT):
        raise SettingsError(f"nothing is stored in {data_dir}; is VOICEBOT_DATA_DIR right?")
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        mend = "name a new file, in a folder that is there"
        raise VoicebotError(f"cannot write {file} ({error.strerror}): {mend}") from error
    with os.fdopen(descriptor, "wb") as out, tarfile.open(fileobj=out, mode="w:gz") as archive:
        asyncio.run(_fill(archive, data_dir))
        names = archive.getnames()
    records = sum(name.startswith(f"{_RECORDS}/") for name in names)
    journals = sum(name.endswith(".db") for name in names)
    typer.echo(f"{file}: {records} files of records, {journals} journals")


def restore(file: Annotated[Path, typer.Argument(help="A file of `voicebot backup`.")]) -> None:
    """Put a back-up into the data directory, which must be new; no server may run there.

    \b
    voicebot restore voicebot.tar.gz
    VOICEBOT_DATA_DIR=/var/lib/voicebot voicebot restore voicebot.tar.gz
    """
    data_dir = prepare_data_dir(load_settings().data_dir)
    with own_data_dir(data_dir):
        for name in _KEPT:
            if (data_dir / name).exists():
                raise SettingsError(
                    f"{data_dir / name} is there already: move it away first, or set "
                    "VOICEBOT_DATA_DIR to a new directory"
                )
        try:
            with tarfile.open(file, "r:gz") as archive:
                count = sum(_put(archive, member, data_dir) for member in archive)
        except (OSError, tarfile.TarError, EOFError) as error:
            raise VoicebotError(f"{file} is no whole back-up ({error})") from error
    if not count:
        raise VoicebotError(f"{file} holds nothing of voicebot")
    typer.echo(f"{count} files are in {data_dir}; the next `voicebot serve` reads them")


async def _fill(archive: tarfile.TarFile, data_dir: Path) -> None:
    for journal in sorted((data_dir / _JOURNALS).rglob("*.db")):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / journal.name
            _copy_journal(journal, copy)
            archive.add(copy, str(journal.relative_to(data_dir)))
    if (data_dir / _SECRET).exists():
        archive.add(data_dir / _SECRET, _SECRET)
    if (data_dir / _RECORDS).exists():
        async with _without_rewrites():
            await asyncio.to_thread(archive.add, data_dir / _RECORDS, _RECORDS)


def _copy_journal(journal: Path, copy: Path) -> None:
    """Copy a database as it stands, whoever writes to it; a damaged one byte by byte."""
    try:
        source = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
        with closing(source), closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except sqlite3.Error:
        shutil.copyfile(journal, copy)


@asynccontextmanager
async def _without_rewrites() -> AsyncIterator[None]:
    """Keep a running embedded server from replacing its files during the block.

    Its append-only file may grow meanwhile: a last entry that is cut off is left out when read.
    """
    url = await running_url(load_settings())
    if url is None:
        yield
        return
    async with aclosing(connect(url)) as client:
        try:
            usual = str((await client.config_get(_REWRITES))[_REWRITES])
            await client.config_set(_REWRITES, 0)
            while (await client.info("persistence"))["aof_rewrite_in_progress"]:  # noqa: ASYNC110
                await asyncio.sleep(_POLL_S)  # it is another process
        except AWAY as error:
            raise VoicebotError(f"Redis at {url} does not answer; see `voicebot doctor`") from error
        try:
            yield
        finally:
            await client.config_set(_REWRITES, usual)


def _put(archive: tarfile.TarFile, member: tarfile.TarInfo, data_dir: Path) -> bool:
    """Write one file of a back-up; return whether it is one. Nothing lands outside."""
    place = PurePosixPath(member.name)
    if place.parts[0] not in _KEPT or ".." in place.parts:
        raise tarfile.TarError(f"{member.name} is none of ours")
    if not member.isfile():
        return False
    target = data_dir.joinpath(*place.parts)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = archive.extractfile(member)
    assert content is not None
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        shutil.copyfileobj(content, out)
    return True
