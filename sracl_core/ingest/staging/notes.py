"""What a person should be told of the raw files that were staged."""

from collections.abc import Iterable

from sracl_core.ingest.raw.multiline import MANY_LINES
from sracl_core.ingest.staging.stage import FileCount


def file_notes(files: Iterable[FileCount]) -> list[str]:
    """Return whole sentences on what was odd in `files`, besides records that cannot be read."""
    notes = []
    for file in files:
        remarks = file.remarks
        if file.ids_with_blanks:
            notes.append(f"{file.file}: {file.ids_with_blanks} records had white space round an id; it was taken off.")
        if remarks.repeated_headers:
            notes.append(f"{file.file}: {remarks.repeated_headers} lines repeat the header; they were left out.")
        if remarks.long_records:
            notes.append(
                f"warning: {remarks.long_records} records in {file.file} run over more than {MANY_LINES} lines inside "
                f"quotes, the first from line {remarks.first_long_record} on. If these are several records, a quote is "
                "missing there."
            )
        if remarks.unreadable_cells:
            notes.append(
                f"warning: {remarks.unreadable_cells} cells in {file.file} hold bytes that are no text, or no moment; "
                "they are read as empty."
            )
    return notes
