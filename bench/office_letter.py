"""The shipped letter as LibreOffice would have it: a flat document with database fields, for its mail merge.

What stands on our page stands on this one, in the same places and the same family of type: school and date, the address in the
window, a heading, the framed panel with the square code, numbered steps, fold marks. The one thing it can't do is a square
code of its own for each person (a merge has no field for pictures): every letter shows the same one, which is less work.
"""

import base64

from schoolgate.letters.qr import qr_of
from tests.letters.samples import LINK

FIELDS = ("name", "street", "town", "children", "key")

_NAMESPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
}

_STYLES = """
<office:font-face-decls>
 <style:font-face style:name="Noto Sans" svg:font-family="'Noto Sans'"/>
 <style:font-face style:name="DejaVu Sans Mono" svg:font-family="'DejaVu Sans Mono'"/>
</office:font-face-decls>
<office:styles>
 <style:default-style style:family="paragraph">
  <style:paragraph-properties fo:margin-bottom="3mm"/>
  <style:text-properties style:font-name="Noto Sans" fo:font-size="10.5pt" fo:language="en" fo:country="AU"/>
 </style:default-style>
 <style:style style:name="Standard" style:family="paragraph"/>
 <style:style style:name="Heading_20_1" style:family="paragraph" style:default-outline-level="1">
  <style:text-properties fo:font-weight="bold"/></style:style>
 <style:style style:name="School" style:family="paragraph"><style:text-properties fo:font-size="14pt" fo:font-weight="bold"/></style:style>
 <style:style style:name="Date" style:family="paragraph"><style:paragraph-properties fo:text-align="end" fo:margin-bottom="60mm"/></style:style>
 <style:style style:name="Address" style:family="paragraph"><style:paragraph-properties fo:margin-bottom="0mm"/>
  <style:text-properties fo:font-size="10pt"/></style:style>
 <style:style style:name="Key" style:family="paragraph"><style:text-properties style:font-name="DejaVu Sans Mono" fo:font-size="18pt" fo:font-weight="bold"/></style:style>
 <style:style style:name="Frame" style:family="graphic"><style:graphic-properties text:anchor-type="paragraph"/></style:style>
 <style:style style:name="Note" style:family="paragraph"><style:text-properties fo:font-size="8.5pt"/></style:style>
</office:styles>
<office:automatic-styles>
 <style:page-layout style:name="A4"><style:page-layout-properties fo:page-width="210mm" fo:page-height="297mm"
  fo:margin-top="16mm" fo:margin-bottom="18mm" fo:margin-left="23mm" fo:margin-right="23mm"/></style:page-layout>
 <style:style style:name="Bold" style:family="text"><style:text-properties fo:font-weight="bold"/></style:style>
 <style:style style:name="Italic" style:family="text"><style:text-properties fo:font-style="italic"/></style:style>
 <style:style style:name="Window" style:family="graphic" style:parent-style-name="Frame"><style:graphic-properties fo:border="none" fo:padding="0mm"
  style:vertical-pos="from-top" style:vertical-rel="page" style:horizontal-pos="from-left" style:horizontal-rel="page" style:wrap="run-through"/></style:style>
 <style:style style:name="Fold" style:family="graphic"><style:graphic-properties svg:stroke-width="0.4pt" svg:stroke-color="#787878"
  style:vertical-pos="from-top" style:vertical-rel="page" style:horizontal-pos="from-left" style:horizontal-rel="page" style:wrap="run-through"/></style:style>
 <style:style style:name="Code" style:family="graphic"><style:graphic-properties style:vertical-pos="top" style:vertical-rel="baseline"/></style:style>
 <style:style style:name="Panel" style:family="table"><style:table-properties style:width="164mm" fo:margin-bottom="6mm"/></style:style>
 <style:style style:name="Left" style:family="table-column"><style:table-column-properties style:column-width="44mm"/></style:style>
 <style:style style:name="Right" style:family="table-column"><style:table-column-properties style:column-width="120mm"/></style:style>
 <style:style style:name="LeftCell" style:family="table-cell"><style:table-cell-properties fo:padding="3mm" fo:border-left="1pt solid #000000"
  fo:border-top="1pt solid #000000" fo:border-bottom="1pt solid #000000"/></style:style>
 <style:style style:name="RightCell" style:family="table-cell"><style:table-cell-properties fo:padding="3mm" fo:border-right="1pt solid #000000"
  fo:border-top="1pt solid #000000" fo:border-bottom="1pt solid #000000"/></style:style>
 <text:list-style style:name="Steps"><text:list-level-style-number text:level="1" style:num-suffix="." style:num-format="1"/></text:list-style>
</office:automatic-styles>
<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="A4"/></office:master-styles>
"""

_BODY = """
<text:p text:style-name="School"><draw:frame draw:style-name="Window" draw:name="Window" text:anchor-type="paragraph" svg:x="23mm" svg:y="62.7mm" svg:width="74mm"
 draw:z-index="0"><draw:text-box fo:min-height="20mm"><text:p text:style-name="Address">{name}</text:p><text:p text:style-name="Address">{street}</text:p><text:p
 text:style-name="Address">{town}</text:p></draw:text-box></draw:frame><draw:line draw:style-name="Fold" text:anchor-type="paragraph" draw:z-index="1" svg:x1="5mm"
 svg:y1="105mm" svg:x2="9mm" svg:y2="105mm"/><draw:line draw:style-name="Fold" text:anchor-type="paragraph" draw:z-index="2" svg:x1="5mm" svg:y1="210mm" svg:x2="9mm"
 svg:y2="210mm"/>Wattle Creek College</text:p>
<text:p text:style-name="Date">19 November 2026</text:p>
<text:h text:style-name="Heading_20_1" text:outline-level="1">Your key for the Wattle Creek College portal</text:h>
<text:p>Dear {name},</text:p>
<text:p>You can now follow school life online. With the key below you open your own access to the portal. You will see: {children}.</text:p>
<table:table table:name="Panel" table:style-name="Panel"><table:table-column table:style-name="Left"/><table:table-column table:style-name="Right"/>
<table:table-row><table:table-cell table:style-name="LeftCell"><text:p><draw:frame draw:style-name="Code" draw:name="Code" text:anchor-type="as-char" svg:width="WIDTH"
 svg:height="WIDTH"><draw:image><office:binary-data>PICTURE</office:binary-data></draw:image><svg:desc>Square code that opens the portal with your key</svg:desc></draw:frame></text:p></table:table-cell>
<table:table-cell table:style-name="RightCell"><text:p>Your key:</text:p><text:p text:style-name="Key">{key}</text:p>
<text:p><text:span text:style-name="Bold">https://portal.example.edu.au/s-AlpxF2/</text:span></text:p>
<text:p text:style-name="Note">The letters I, L, O and U are never used in a key.</text:p></table:table-cell></table:table-row></table:table>
<text:list text:style-name="Steps">
<text:list-item><text:p>Go to https://portal.example.edu.au/s-AlpxF2/ or scan the square.</text:p></text:list-item>
<text:list-item><text:p>Type the key and press <text:span text:style-name="Italic">Continue</text:span>.</text:p></text:list-item>
<text:list-item><text:p>Make your account, or sign in if you have one.</text:p></text:list-item>
<text:list-item><text:p>Answer one question about your child.</text:p></text:list-item>
</text:list>
<text:p>The key works once, for you only, until 18 January 2027. Please don’t pass it on; every adult gets their own. If you have an account already, add the key under <text:span
 text:style-name="Italic">My Access</text:span>.</text:p>
<text:p>Lost it, or is a name above wrong? Call the school office: 02 5550 1234.</text:p>
"""


def office_letter() -> str:
    """The document; its fields are those of a table ``letters`` in a data source ``letters``."""
    code = qr_of(LINK)
    body = _BODY.replace("PICTURE", base64.b64encode(code.png).decode("ascii"))
    body = body.replace("WIDTH", f"{code.width_mm}mm")
    for name in FIELDS:
        body = body.replace("{" + name + "}", _field(name))
    spaces = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in _NAMESPACES.items())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {spaces} office:version="1.3" '
        f'office:mimetype="application/vnd.oasis.opendocument.text">{_STYLES}<office:body><office:text>{body}'
        "</office:text></office:body></office:document>"
    )


def _field(name: str) -> str:
    return (
        '<text:database-display text:database-name="letters" text:table-name="letters" text:table-type="table" '
        f'text:column-name="{name}">x</text:database-display>'
    )
