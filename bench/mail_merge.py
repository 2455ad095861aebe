"""LibreOffice's mail merge of one letter over a CSV file, to one PDF (PDF/UA-1, as ours); prints the seconds that the merge itself took.

Run by the system's Python, which has LibreOffice's bridge: ``python3 bench/mail_merge.py LETTER.fodt FOLDER_WITH_letters.csv OUT``.
The office's start and the registration of the data are outside the clock.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue

TABLE, FILE = 0, 2  # com.sun.star.sdb.CommandType, com.sun.star.text.MailMergeType


def main(letter: Path, folder: Path, out: Path) -> None:
    """Start an office of its own, merge, end it."""
    pipe = f"schoolgate{int(time.time() * 1000)}"
    profile = tempfile.mkdtemp(prefix="schoolgate-office-")
    office = subprocess.Popen(
        [
            "soffice", "--headless", "--norestore", "--nologo", f"-env:UserInstallation=file://{profile}",
            f"--accept=pipe,name={pipe};urp;",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        context = connect(pipe)
        register_data(context, folder)
        merge = context.ServiceManager.createInstanceWithContext("com.sun.star.text.MailMerge", context)
        merge.DataSourceName, merge.Command, merge.CommandType = "letters", "letters", TABLE
        merge.DocumentURL, merge.OutputURL = letter.as_uri(), out.as_uri()
        merge.OutputType, merge.SaveAsSingleFile, merge.FileNameFromColumn = FILE, True, False
        merge.FileNamePrefix, merge.SaveFilter = "merged", "writer_pdf_Export"
        merge.SaveFilterData = (PropertyValue(Name="PDFUACompliance", Value=True),)
        began = time.perf_counter()
        merge.execute(())
        print(time.perf_counter() - began)
    finally:
        office.terminate()
        office.wait()
        shutil.rmtree(profile, ignore_errors=True)


def connect(pipe: str) -> "uno.pyuno":
    """The running office's component context."""
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    end = time.monotonic() + 60
    while True:
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except Exception:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def register_data(context: "uno.pyuno", folder: Path) -> None:
    """Make the folder's CSV files known as the data source ``letters``."""
    sources = context.ServiceManager.createInstanceWithContext("com.sun.star.sdb.DatabaseContext", context)
    source = sources.createInstance()
    source.URL = f"sdbc:flat:{folder.as_uri()}"
    wanted = {"Extension": "csv", "FieldDelimiter": ",", "HeaderLine": True, "CharSet": "UTF-8", "StringDelimiter": '"'}
    source.Info = tuple(PropertyValue(Name=name, Value=value) for name, value in wanted.items())
    source.DatabaseDocument.storeAsURL((folder / "letters.odb").as_uri(), ())
    sources.registerObject("letters", source)


if __name__ == "__main__":
    main(*(Path(argument).resolve() for argument in sys.argv[1:4]))
