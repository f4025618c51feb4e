"""WeasyPrint's PDF/A-3a → the same file that claims PDF/UA-1 too, with what both still lack.

WeasyPrint writes one variant at a time. PDF/A-3 (ISO 19005-3) asks for pictures without
interpolation and one form of the author's name; PDF/UA-1 (ISO 14289-1) for running heads that are
artifacts, formulas that are Formula, links that say where they lead. Nothing here validates: no
complete validator is to be had, so the file says what it aims at, and tests/pdf_rules.py what of it
was checked.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

MARKED = re.compile(rb"/\w+\s<</MCID (\d+)>>\sBDC")
CLAIM = b"""
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>The part of ISO 14289 that is followed</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
"""


def archived(content: bytes, links: Mapping[str, str], formulas: Collection[str]) -> bytes:
    """Return a PDF/A-3a as PDF/A-3a and PDF/UA-1.

    Args:
        content: as WeasyPrint wrote it.
        links: target → the text that leads there.
        formulas: the alt texts of pictures that are mathematics.
    """
    import pikepdf

    with pikepdf.open(io.BytesIO(content)) as pdf:
        said = pdf.Root.Metadata.read_bytes().replace(b"</rdf:RDF>", CLAIM + b"</rdf:RDF>")
        kind = {"Type": pikepdf.Name.Metadata, "Subtype": pikepdf.Name.XML}
        pdf.Root.Metadata = pdf.make_stream(said, **kind)
        if "/Author" in pdf.docinfo:  # XMP names each author by itself, which Info can't
            del pdf.docinfo["/Author"]
        for found in pdf.objects:
            if isinstance(found, pikepdf.Stream) and "/Interpolate" in found:
                found["/Interpolate"] = False
        if "/AF" in pdf.Root:  # WeasyPrint 70 names each file twice
            pdf.Root.AF = pikepdf.Array({file.objgen: file for file in pdf.Root.AF}.values())
        _name_parts(pdf, links, formulas)
        _free_artifacts(pdf)
        written = io.BytesIO()
        streams = pikepdf.ObjectStreamMode.generate
        pdf.save(written, object_stream_mode=streams, deterministic_id=True)
    return written.getvalue()


def _name_parts(pdf: Any, links: Mapping[str, str], formulas: Collection[str]) -> None:
    """Say of links where they lead, and of pictures that are formulas that they are."""
    import pikepdf

    for page in pdf.pages:
        for link in page.get("/Annots", ()):
            target = str(link.get("/Dest", link.get("/Contents", "")))
            if target in links:
                link.Contents = links[target]
    for element in _structure(pdf.Root.StructTreeRoot):
        if element.get("/S") == "/Figure" and str(element.get("/Alt", "")) in formulas:
            element.S = pikepdf.Name.Formula


def _free_artifacts(pdf: Any) -> None:
    """Mark as artifacts what the structure does not hold: running heads and page numbers."""
    import pikepdf

    held = {element.objgen for element in _structure(pdf.Root.StructTreeRoot)}
    numbers = pdf.Root.StructTreeRoot.ParentTree.Nums
    parents = dict(zip(map(int, list(numbers)[::2]), list(numbers)[1::2], strict=True))
    for page in pdf.pages:
        owners = parents[int(page.StructParents)]
        free = {index for index, owner in enumerate(owners) if owner.objgen not in held}
        for index in free:
            owners[index] = None
        drawn = MARKED.sub(
            lambda mark: b"/Artifact BMC" if int(mark[1]) in free else mark[0],  # noqa: B023 - now
            page.Contents.read_bytes(),
        )
        page.Contents = pikepdf.Stream(pdf, drawn)


def _structure(element: Any) -> Iterator[Any]:
    """Yield the elements of the structure tree below one."""
    import pikepdf

    children = element.get("/K", ())
    for child in children if isinstance(children, pikepdf.Array) else [children]:
        if isinstance(child, pikepdf.Dictionary) and child.get("/Type") == "/StructElem":
            yield child
            yield from _structure(child)
