"""Runs XSLT 2.0 and 3.0 with SaxonC-HE (package saxonche), as the worker for XSLT 1.0 does with libxslt:
jobs on standard input, answers on standard output, both in frames of a length and bytes.

Sheets are code from outside. Before the first one is read, this process gives up everything but its own
folder (Landlock, where the kernel has it), the network, and memory without bounds. Secondary outputs are
caught and written nowhere. What a sheet tries to read is told: Saxon tells nobody, so its reading
functions are replaced by ones that say first what they are asked for, and what cannot be replaced
(references to such functions, xsl:evaluate and the like) is told as such.
"""
import codecs, ctypes, json, os, re, resource, struct, sys
import xml.parsers.expat as expat
from urllib.parse import unquote

import saxonche

FOLDER = os.getcwd()
INPUT = os.path.join(FOLDER, "eingabe.xml")
XSL = "http://www.w3.org/1999/XSL/Transform"
FN = "http://www.w3.org/2005/xpath-functions"
PS = "urn:pruefstand:liest"
# Nobody can say it in the place of the functions below.
READS = "pruefstand-liest-%s:" % os.urandom(8).hex()
LIMIT = int(sys.argv[1]) if len(sys.argv) > 1 else 4 << 30
FUNCTIONS = ("doc-available", "doc", "document", "unparsed-text-available", "unparsed-text-lines",
             "unparsed-text", "json-doc", "collection", "uri-collection")
TWO = ("document", "unparsed-text", "unparsed-text-available", "unparsed-text-lines")
# Nobody sees what they read or run.
HIDDEN = ("function-lookup", "transform", "load-xquery-module", "environment-variable",
          "available-environment-variables", "system-property-map", "stream-available")
HIDDEN_ELEMENTS = ("evaluate", "source-document", "stream")
# Attributes of instructions whose whole value is an expression or a pattern.
EXPRESSIONS = {"select", "test", "match", "use", "group-by", "group-adjacent", "group-starting-with",
               "group-ending-with", "from", "count", "value", "initial-value", "key", "for-each-item",
               "context-item", "with-params", "namespace-context", "xpath"}
TOKEN = re.compile(
    r"""(?P<string>"(?:[^"]|"")*"|'(?:[^']|'')*'|&quot;(?:(?!&quot;).)*&quot;|&apos;(?:(?!&apos;).)*&apos;)"""
    r"""|(?P<comment>\(:(?:(?!:\)).)*:\))"""
    r"""|(?P<name>(?:Q\{[^}]*\}|[\w.-]+:(?!:))?[A-Za-z_][\w.-]*)"""
    r"""|(?P<other>.)""", re.S)
SPACE = re.compile(r"(?:\s|&#\w+;|\(:(?:(?!:\)).)*:\))*", re.S)
ATTRIBUTE = re.compile(r"""([\w.:-]+)\s*=\s*("[^"]*"|'[^']*')""", re.S)


def isolate():
    """Only this folder from now on, no network, and no program of this user's may see more."""
    told = []
    for kind, bound in ((resource.RLIMIT_DATA, LIMIT), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 64 << 20)):
        try:
            resource.setrlimit(kind, (bound, bound))
        except (ValueError, OSError) as error:
            told.append(str(error))
    libc = ctypes.CDLL(None, use_errno=True)
    abi = libc.syscall(444, None, ctypes.c_size_t(0), 1)
    if abi < 1:
        return told + ["no Landlock: files of this user stay readable"]
    rights = (1 << 13) - 1
    if abi >= 2:
        rights |= 1 << 13
    if abi >= 3:
        rights |= 1 << 14
    if abi >= 5:
        rights |= 1 << 15
    network = 3 if abi >= 4 else 0
    scope = 3 if abi >= 6 else 0
    attributes = struct.pack("QQQ", rights, network, scope)[: 8 if abi < 4 else 16 if abi < 6 else 24]
    ruleset = libc.syscall(444, attributes, ctypes.c_size_t(len(attributes)), 0)
    folder = os.open(FOLDER, os.O_PATH | os.O_DIRECTORY)
    rule = struct.pack("<Qi", rights & ~1, folder)
    done = (ruleset >= 0 and libc.syscall(445, ruleset, 1, rule, 0) == 0
            and libc.prctl(38, 1, 0, 0, 0) == 0 and libc.syscall(446, ruleset, 0) == 0)
    os.close(folder)
    if not done:
        told.append("Landlock refused: " + os.strerror(ctypes.get_errno()))
    if abi < 4:
        told.append("no Landlock for networks: this kernel is older than 6.7")
    return told


def read_frame(stream):
    head = stream.read(4)
    if len(head) < 4:
        return None
    size = struct.unpack(">I", head)[0]
    return stream.read(size)


def write_frame(stream, data):
    stream.write(struct.pack(">I", len(data)))
    stream.write(data)


def path_of(base, url):
    return os.path.join(base, re.sub(r"^file:/*", "", url))


def text_of(data):
    """The text of a file of XML; it declares UTF-8 then."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16")
    else:
        declared = re.match(rb"""(?:\xef\xbb\xbf)?\s*<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)""", data)
        text = data.decode(declared.group(1).decode("ascii") if declared else "utf-8").lstrip("\ufeff")
    return re.sub(r"""^(\s*<\?xml[^>]*encoding\s*=\s*)(["'])[\w.-]+\2""", r"\1\2UTF-8\2", text, count=1)


class Sheet:
    """A sheet with its reading functions replaced, and what in it nobody could watch."""

    def __init__(self, text, principal):
        self.text, self.principal = text, principal
        self.hidden, self.edits, self.scopes, self.expands = [], [], [{}], [False]
        self.root = self.end = None
        self.prefix = next("psr%s" % n for n in [""] + list(range(1000)) if "psr%s:" % n not in text and "xmlns:psr%s" % n not in text)
        self.data = text.encode("utf-8")
        parser = expat.ParserCreate("UTF-8")
        parser.StartElementHandler = lambda name, _: self.start(parser.CurrentByteIndex)
        parser.EndElementHandler = lambda name: self.close(parser.CurrentByteIndex)
        parser.CharacterDataHandler = self.characters
        parser.buffer_text = True
        parser.Parse(self.data, True)

    def hide(self, what):
        if what not in self.hidden:
            self.hidden.append(what)

    def start(self, at):
        end, quote = at, 0
        while quote or self.data[end] != 0x3E:
            byte = self.data[end]
            if quote:
                quote = 0 if byte == quote else quote
            elif byte in (0x22, 0x27):
                quote = byte
            end += 1
        tag = self.data[at:end].decode("utf-8")
        name = re.match(r"<([\w.:-]+)", tag).group(1)
        attributes = [(m.group(1), m.start(2) + 1, m.group(2)[1:-1]) for m in ATTRIBUTE.finditer(tag, len(name) + 1)]
        scope = dict(self.scopes[-1])
        for key, _, value in attributes:
            if key == "xmlns" or key.startswith("xmlns:"):
                scope[key[6:]] = value
        self.scopes.append(scope)
        prefix, _, local = name.rpartition(":")
        xsl = scope.get(prefix) == XSL
        expand = self.expands[-1]
        offset = at + len(tag[:0])
        for key, start, value in attributes:
            if key == "xmlns" or key.startswith("xmlns:"):
                continue
            kind, _, attribute = key.rpartition(":")
            of_xsl = scope.get(kind) == XSL if kind else xsl
            if attribute == "expand-text" and of_xsl:
                expand = value.strip() in ("yes", "true", "1")
            place = at + len(tag[:start].encode("utf-8"))
            if attribute == "use-when" and of_xsl:
                if self.changed(value)[1]:
                    self.hide("use-when mit lesender Funktion")
            elif xsl and attribute in EXPRESSIONS and not kind:
                self.replace(place, value, self.changed(value)[0])
            else:
                self.replace(place, value, self.templates(value))
        self.expands.append(expand)
        if xsl and local in HIDDEN_ELEMENTS:
            self.hide("xsl:" + local)
        if xsl and any(key == "for-each-source" for key, _, _ in attributes):
            self.hide("xsl:%s for-each-source" % local)
        if self.root is None:
            sheet = xsl and local in ("stylesheet", "transform", "package")
            excluded = next(((start, value) for key, start, value in attributes if key == "exclude-result-prefixes"), None)
            self.root = (sheet, prefix, at + len(("<" + name).encode("utf-8")), at, excluded)

    def close(self, at):
        self.scopes.pop()
        self.expands.pop()
        self.end = at

    def characters(self, text):
        if self.expands[-1] and "{" in text and self.changed(text)[1]:
            self.hide("lesende Funktion in einem Text mit expand-text")

    def replace(self, place, value, other):
        if other != value:
            self.edits.append((place, len(value.encode("utf-8")), other))

    def templates(self, value):
        """An attribute value template: expressions stand in braces."""
        if "{" not in value:
            return value
        return re.sub(r"(?<!\{)\{(?!\{)(.*?)\}", lambda m: "{" + self.changed(m.group(1))[0] + "}", value, flags=re.S)

    def changed(self, expression):
        """The expression with its reading functions replaced, and whether there are any."""
        out, at, found, before = [], 0, False, ""
        while at < len(expression):
            match = TOKEN.match(expression, at)
            token, at = match.group(0), match.end()
            if match.lastgroup == "name":
                local = token.rpartition("}")[2].rpartition(":")[2]
                given = token[: len(token) - len(local)].rstrip(":")
                space = given[2:-1] if given.startswith("Q{") else self.scopes[-1].get(given, given) if given else FN
                if given == "fn" and space == "fn":
                    space = FN
                behind = SPACE.match(expression, at).end()
                follows = expression[behind: behind + 1]
                if space == FN and local in FUNCTIONS + HIDDEN and follows in ("(", "#"):
                    found = True
                    empty = follows == "(" and re.match(r"\s*\)", expression[behind + 1:])
                    if local in HIDDEN or follows == "#" or before.endswith("=>") or empty:
                        self.hide(local + ("#" if follows == "#" else "()"))
                    else:
                        token, at = "%s:%s(static-base-uri(), " % (self.prefix, local), behind + 1
            if match.lastgroup != "comment" and token.strip():
                before = (before + token.strip())[-2:]
            out.append(token)
        return "".join(out), found

    def told(self):
        """The sheet as it is run."""
        sheet, prefix, name_end, _, excluded = self.root
        if not sheet:
            if self.edits:
                self.hide("lesende Funktion in einem vereinfachten Stylesheet")
            return self.text
        if not self.edits and not self.principal:
            return self.text
        edits = list(self.edits)
        declared = ' xmlns:%s="%s"' % (self.prefix, PS)
        if excluded is None:
            declared += ' exclude-result-prefixes="%s"' % self.prefix
        elif not excluded[1].strip().startswith("#all"):
            place = self.root[3] + len(self.data[self.root[3]:].decode("utf-8")[: excluded[0]].encode("utf-8"))
            edits.append((place, 0, self.prefix + " "))
        edits.append((name_end, 0, declared))
        if self.principal:
            edits.append((self.end, 0, self.functions(prefix + ":" if prefix else "")))
        out, at = [], 0
        for place, length, other in sorted(edits):
            out += [self.data[at:place], other.encode("utf-8")]
            at = place + length
        return b"".join(out + [self.data[at:]]).decode("utf-8")

    def functions(self, x):
        made = []
        for name in FUNCTIONS:
            for two in (False, True) if name in TWO else (False,):
                base = "base-uri($m[1])" if two and name == "document" else "$b"
                uri = "if ($i instance of node()) then string($i) else string($i)"
                said = "for $i in $u return resolve-uri(%s, %s)" % (uri, base)
                argument = "$u, $m" if two and name == "document" else "$r, $m" if two else "$r"
                value = ("for $i in $u return if ($i instance of node()) then $i else resolve-uri(string($i), $b)"
                         if name == "document" else "for $i in $u return resolve-uri(string($i), $b)")
                made.append(
                    '<{x}function name="{p}:{n}"><{x}param name="b"/><{x}param name="u"/>{m}'
                    '<{x}message><{x}value-of select="\'{t}\', {s}" separator=" "/></{x}message>'
                    '<{x}variable name="r" select="{v}"/><{x}sequence select="{n}({a})"/></{x}function>'.format(
                        x=x, p=self.prefix, n=name, m='<%sparam name="m"/>' % x if two else "", t=READS, s=said,
                        v=value, a=argument))
        return "".join(made)


class Sheets:
    def __init__(self, processor):
        self.processor = processor
        self.xslt = processor.new_xslt30_processor()
        self.sets = {}
        self.compiled = {}

    def load(self, name, files):
        base = os.path.join(FOLDER, re.sub(r"\W", "", name)[:64] or "menge")
        for url, data in files.items():
            path = path_of(base, url)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
        self.sets[name] = (base, files)

    def prepare(self, name, sheet):
        """Writes every sheet of the set as it is run; what in it nobody could watch."""
        base, files = self.sets[name]
        hidden = []
        for url, data in files.items():
            if b"<!DOCTYPE" in data or b"<\x00!\x00D\x00O" in data:
                hidden.append("DOCTYPE in " + url.rpartition("/")[2])
                continue
            if XSL.encode() not in data and XSL.encode("utf-16-le") not in data and XSL.encode("utf-16-be") not in data:
                continue
            try:
                made = Sheet(text_of(data), url == sheet)
            except (expat.ExpatError, LookupError, UnicodeError):
                # The engine says what is wrong with it, if it is used at all.
                continue
            text = made.told()
            hidden += made.hidden
            with open(path_of(base, url), "w", encoding="utf-8", newline="") as file:
                file.write(text)
        return hidden

    def compile(self, name, sheet):
        key = (name, sheet)
        if key not in self.compiled:
            base, _ = self.sets[name]
            hidden = self.prepare(name, sheet)
            try:
                made = self.xslt.compile_stylesheet(stylesheet_file=path_of(base, sheet))
            except Exception as error:
                made = error
            self.compiled[key] = (made, hidden)
        return self.compiled[key]

    def apply(self, job, document):
        name, sheet = job["set"], job["sheet"]
        base, files = self.sets[name]
        answer = {"end": "Output", "messages": [], "refused": [], "wrote": []}

        def clean(text):
            return str(text).replace(base + "/", "").replace("file://" + base, "")

        if sheet not in files:
            return dict(answer, end="BadStylesheet", messages=[sheet + " is not in the depot"]), b""
        compiled, hidden = self.compile(name, sheet)
        answer["refused"] = list(hidden)
        if isinstance(compiled, Exception):
            return dict(answer, end="BadStylesheet", messages=[clean(compiled)]), b""
        try:
            with open(INPUT, "wb") as file:
                file.write(document)
            node = self.processor.parse_xml(xml_file_name=INPUT)
        except Exception as error:
            return dict(answer, end="BadInput", messages=[clean(error)]), b""
        output = None
        compiled.clear_parameters()
        compiled.clear_xsl_messages()
        compiled.set_save_xsl_message(True)
        compiled.set_capture_result_documents(True, True)
        compiled.set_base_output_uri("file:///ausgabe")
        for key, value in job["params"].items():
            compiled.set_parameter(key, self.processor.make_string_value(value))
        try:
            output = compiled.transform_to_string(xdm_node=node)
        except Exception as error:
            answer["end"] = "Aborted"
            answer["messages"].append(clean(error))
        for message in compiled.get_xsl_messages() or []:
            text = message.string_value
            if text.startswith(READS):
                for uri in text[len(READS):].split():
                    path = unquote(re.sub(r"^file:/+", "/", uri.partition("#")[0]))
                    known = path.startswith(base + "/") and os.path.realpath(path).startswith(base + "/") and os.path.isfile(path)
                    if not known and clean(uri) not in answer["refused"]:
                        answer["refused"].append(clean(uri))
            else:
                answer["messages"].append(clean(text))
        try:
            answer["wrote"] = sorted(clean(uri) for uri in (compiled.get_result_documents() or {}))
        except Exception:
            # It gives no names where one of them is no XML.
            answer["wrote"] = ["xsl:result-document"]
        if output is None:
            return answer, b""
        body = re.sub(r"<\?.*?\?>|<!--.*?-->", "", output, flags=re.S).strip()
        if answer["end"] == "Output" and not body:
            answer["end"] = "NoOutput"
        return answer, output.encode("utf-8")


def serve():
    processor = saxonche.PySaxonProcessor(license=False)
    processor.set_configuration_property("http://saxon.sf.net/feature/allowedProtocols", "file")
    sheets = Sheets(processor)
    # What is needed later cannot be opened later.
    for name in ("latin_1", "iso8859_15", "cp1252", "utf_16", "utf_16_le", "utf_16_be", "utf_8_sig", "ascii"):
        codecs.lookup(name)
    told = isolate()
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    write_frame(stdout, json.dumps({"engine": processor.version, "isolation": told}).encode())
    stdout.flush()
    while True:
        frame = read_frame(stdin)
        if frame is None:
            return
        job = json.loads(frame)
        if "Load" in job:
            load = job["Load"]
            sheets.load(load["set"], {url: read_frame(stdin) for url in load["urls"]})
        else:
            document = read_frame(stdin)
            try:
                answer, output = sheets.apply(job["Apply"], document)
            except MemoryError:
                raise
            except Exception as error:
                answer = {"end": "Aborted", "messages": ["the worker failed: %r" % error], "refused": [], "wrote": []}
                output = b""
            write_frame(stdout, json.dumps(answer).encode())
            write_frame(stdout, output)
            stdout.flush()


serve()
