"""Imported by the process that tests/prepared.py makes copies of: what each command would read and parse anew."""

from pipeline import report
from pipeline.text.analyse import Text, analyse
from pipeline.text.wording.themes import load_taxonomy
from warehouse import build

# English only: the libraries of the other languages may start threads, and a copy of a process has none of its threads.
analyse([Text("The delivery was late.")], languages=("en",), taxonomy=load_taxonomy(), models={})
for folder in build.SQL.iterdir():
    build.models(folder.name)
report.formats()
