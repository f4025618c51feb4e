"""Rules of PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1) that a program can check by itself.

No complete validator is to be had as a package, so these are those rules that WeasyPrint or we
could break. Who has veraPDF sees more.
"""

import re

import pikepdf

STANDARD = frozenset(
    re.findall(
        r"\w+",
        "Document Part Art Sect Div BlockQuote Caption TOC TOCI Index NonStruct P H1 H2 H3 H4 H5 H6"
        " L LI Lbl LBody Table TR TH TD THead TBody TFoot Span Quote Note Reference BibEntry Code"
        " Link Annot Figure Formula Form",
    )
)
HOLDERS = {
    "TR": ("Table", "THead", "TBody", "TFoot"),
    "TH": ("TR",),
    "TD": ("TR",),
    "LI": ("L",),
    "LBody": ("LI",),
}
ACTIONS = ("/JavaScript", "/Launch")
TOKEN = re.compile(
    rb"/(\w+)\s(?:<</MCID (\d+)>>\sBDC|BMC)"  # begins what is marked
    rb"|(?<![\w/])(EMC)(?!\w)"
    rb"|(?<=[\s\]])(Tj|TJ|Do|f|S|B)(?=\s)"  # draws
)


def broken(pdf):
    """Return what breaks a rule, a line each."""
    rules = (_identity, _fonts, _pictures, _files, _tree, _links, _content)
    return [line for rule in rules for line in rule(pdf)]


def elements(pdf):
    """Yield every structure element with the names of those that hold it."""

    def below(element, path):
        children = element.get("/K", [])
        for child in children if isinstance(children, pikepdf.Array) else [children]:
            if isinstance(child, pikepdf.Dictionary) and child.get("/Type") == "/StructElem":
                yield child, path
                yield from below(child, (*path, str(child.S)[1:]))

    yield from below(pdf.Root.StructTreeRoot, ())


def _identity(pdf):
    said = pdf.Root.Metadata.read_bytes().decode()
    wanted = {
        "PDF/A part": 'pdfaid:part="3"',
        "PDF/A level": 'pdfaid:conformance="A"',
        "PDF/UA part": 'pdfuaid:part="1"',
        "declared extension": "<pdfaSchema:prefix>pdfuaid<",
        "title": "<dc:title>",
    }
    yield from (f"metadata: no {name}" for name, text in wanted.items() if text not in said)
    if said.count("<rdf:RDF") != 1:
        yield "metadata: not one RDF"
    if "/ID" not in pdf.trailer:
        yield "no file identifier"
    if "/Encrypt" in pdf.trailer:
        yield "encrypted"
    if not str(pdf.Root.get("/Lang", "")):
        yield "no language"
    if pdf.Root.get("/MarkInfo", {}).get("/Marked") is not True:
        yield "not marked as tagged"
    if pdf.Root.get("/ViewerPreferences", {}).get("/DisplayDocTitle") is not True:
        yield "shows the file's name, not its title"
    intents = [str(intent.S) for intent in pdf.Root.get("/OutputIntents", [])]
    if intents != ["/GTS_PDFA1"]:
        yield f"output intents {intents}"
    for key, text in pdf.docinfo.items():
        if str(text) not in said:
            yield f"Info {key} {text} is not in the metadata"


def _fonts(pdf):
    for font in pdf.objects:
        if not (isinstance(font, pikepdf.Dictionary) and font.get("/Type") == "/Font"):
            continue
        if font.get("/Subtype") == "/Type0" and "/ToUnicode" not in font:
            yield f"font {font.BaseFont} without Unicode"
        if font.get("/Subtype") in ("/CIDFontType0", "/CIDFontType2"):
            described = font.FontDescriptor
            if not any(key in described for key in ("/FontFile2", "/FontFile3")):
                yield f"font {font.BaseFont} not embedded"


def _pictures(pdf):
    for found in pdf.objects:
        if isinstance(found, pikepdf.Stream) and found.get("/Interpolate") is True:
            yield "picture with interpolation"
        if isinstance(found, pikepdf.Stream) and found.get("/Filter") == "/LZWDecode":
            yield "LZW"
        if isinstance(found, pikepdf.Dictionary) and str(found.get("/S")) in ACTIONS:
            yield f"action {found.S}"


def _files(pdf):
    listed = {file.objgen for file in pdf.Root.get("/AF", [])}
    for found in pdf.objects:
        if isinstance(found, pikepdf.Dictionary) and found.get("/Type") == "/Filespec":
            lacking = {"/F", "/UF", "/AFRelationship", "/EF"} - set(found.keys())
            if lacking or found.objgen not in listed:
                yield f"attachment {found.get('/UF')} lacks {lacking or 'an entry in AF'}"
            if "/Subtype" not in found.EF.F or "/ModDate" not in found.EF.F.Params:
                yield f"attachment {found.get('/UF')} without type or date"


def _tree(pdf):
    level = 0
    for element, path in elements(pdf):
        name, holder = str(element.S)[1:], path[-1] if path else ""
        if name not in STANDARD:
            yield f"structure type {name}"
        if name in ("Figure", "Formula") and not str(element.get("/Alt", "")).strip():
            yield f"{name} without alt text"
        if re.fullmatch("H[1-6]", name):
            if int(name[1]) > level + 1:
                yield f"heading {name} after H{level}"
            level = int(name[1])
        if holder not in HOLDERS.get(name, (holder,)):
            yield f"{name} in {holder}"
        if name == "Table" and not any(str(e.S) == "/TH" for e, _ in _below(element)):
            yield "table without headers"


def _links(pdf):
    for page in pdf.pages:
        if page.get("/Annots") and page.get("/Tabs") != "/S":
            yield "page whose links are not in the order of the structure"
        for link in page.get("/Annots", []):
            if not str(link.get("/Contents", "")).strip() or "/StructParent" not in link:
                yield "link that says nothing, or outside the structure"
            if int(link.get("/F", 0)) != 4:
                yield "link that is not printed"


def _below(element):
    for child in element.get("/K", []):
        if isinstance(child, pikepdf.Dictionary) and child.get("/Type") == "/StructElem":
            yield child, ()
            yield from _below(child)


def _content(pdf):
    held = {element.objgen for element, _ in elements(pdf)}
    numbers = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    parents = dict(zip(map(int, numbers[::2]), numbers[1::2], strict=True))
    for number, page in enumerate(pdf.pages, start=1):
        owners, depth = parents[int(page.StructParents)], 0
        for name, index, end, operator in TOKEN.findall(page.Contents.read_bytes()):
            if operator and not depth:
                yield f"page {number}: content outside structure and artifacts"
            if index and getattr(owners[int(index)], "objgen", None) not in held:
                yield f"page {number}: marked content {int(index)} in no structure"
            depth += 1 if name else -1 if end else 0
