"""Writes the schema files."""

from libs.contracts.schema import FOLDER, write

if __name__ == "__main__":
    write()
    print(f"wrote {len(list(FOLDER.glob('*.json')))} files to {FOLDER}")
