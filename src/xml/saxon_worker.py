"""Runs XSLT 2.0 and 3.0 with SaxonC-HE (package saxonche), as the worker for XSLT 1.0 does with libxslt:
jobs on standard input, answers on standard output, both in frames of a length and bytes.

Sheets are code from outside. Before the first one is read, this process gives up everything but its own
folder (Landlock, where the kernel has it), the network, and memory without bounds. Secondary outputs are
caught and written nowhere; what a sheet tries to read is told.
"""
import codecs, ctypes, json, os, re, resource, struct, sys

import saxonche

FOLDER = os.getcwd()
INPUT = os.path.join(FOLDER, "eingabe.xml")
READS = "pruefstand-liest:"
PS = "urn:pruefstand:liest"
LIMIT = int(sys.argv[1]) if len(sys.argv) > 1 else 4 << 30
FUNCTIONS = ("doc-available", "doc", "document", "unparsed-text-available", "unparsed-text-lines",
             "unparsed-text", "json-doc", "collection", "uri-collection")
CALL = re.compile(r"(?<![\w:.$-])(?:fn:)?(" + "|".join(FUNCTIONS) + r")\(\s*(?!\))")
ATTRIBUTE = re.compile(r"""(\s(?:select|test|match|use|group-by|value|href|initial-value|\w+))\s*=\s*("[^"]*"|'[^']*')""")


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


def telling(text, principal):
    """The sheet with its reading functions replaced by ones that say first what they are asked for."""
    def call(match):
        return "psr:%s(static-base-uri(), " % match.group(1)

    def attribute(match):
        value = match.group(2)
        return match.group(1) + "=" + CALL.sub(call, value) if CALL.search(value) else match.group(0)

    out = ATTRIBUTE.sub(attribute, text)
    root = re.search(r"<([\w.-]+:)?(stylesheet|transform)\b", out)
    if root is None or (out == text and not principal):
        return text
    declared = ' xmlns:psr="%s"' % PS
    head, tail = out[: root.end()], out[root.end():]
    tag, behind = tail[: tail.find(">")], tail[tail.find(">"):]
    excluded = re.search(r"""exclude-result-prefixes\s*=\s*["']""", tag)
    if excluded is None:
        declared += ' exclude-result-prefixes="psr"'
    elif not tag[excluded.end():].startswith("#all"):
        tag = tag[: excluded.end()] + "psr " + tag[excluded.end():]
    out = head + declared + tag + behind
    if not principal:
        return out
    prefix = root.group(1) or ""
    end = out.rfind("</" + prefix + root.group(2))
    if end < 0:
        return out
    x = prefix
    made = []
    for name in FUNCTIONS:
        plural = name in ("document",)
        resolved = ("for $i in $u return if ($i instance of node()) then $i else resolve-uri(string($i), $b)"
                    if plural else "resolve-uri(string($u), $b)")
        for more in ("", "$m") if name in ("document", "unparsed-text", "unparsed-text-available", "unparsed-text-lines") else ("",):
            param = '<%sparam name="m"/>' % x if more else ""
            argument = ", $m" if more else ""
            made.append(
                '<{x}function name="psr:{n}"><{x}param name="b"/><{x}param name="u"/>{p}'
                '<{x}variable name="r" select="{r}"/>'
                '<{x}message><{x}value-of select="\'{t}\', for $i in $r return if ($i instance of node()) then base-uri($i) else $i" separator=" "/></{x}message>'
                '<{x}sequence select="{n}($r{a})"/></{x}function>'.format(x=x, n=name, p=param, r=resolved, t=READS, a=argument))
    return out[:end] + "".join(made) + out[end:]


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

    def compile(self, name, sheet):
        key = (name, sheet)
        if key not in self.compiled:
            base, files = self.sets[name]
            try:
                for url, data in files.items():
                    text = data.decode("utf-8", "surrogateescape") if url.endswith((".xsl", ".xslt")) else None
                    if text is None:
                        continue
                    declared = re.match(r"""\s*<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)""", text)
                    if declared:
                        text = data.decode(declared.group(1), "strict")
                        text = text.replace(declared.group(1), "UTF-8", 1)
                    with open(path_of(base, url), "w", encoding="utf-8", newline="") as file:
                        file.write(telling(text, url == sheet))
            except (LookupError, UnicodeError) as error:
                self.compiled[key] = error
                return error
            try:
                self.compiled[key] = self.xslt.compile_stylesheet(stylesheet_file=path_of(base, sheet))
            except Exception as error:
                self.compiled[key] = error
        return self.compiled[key]

    def apply(self, job, document):
        name, sheet = job["set"], job["sheet"]
        base, files = self.sets[name]
        answer = {"end": "Output", "messages": [], "refused": [], "wrote": []}

        def clean(text):
            return str(text).replace(base + "/", "").replace("file://" + base, "")

        if sheet not in files:
            return dict(answer, end="BadStylesheet", messages=[sheet + " is not in the depot"]), b""
        compiled = self.compile(name, sheet)
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
        said = []
        for message in compiled.get_xsl_messages() or []:
            text = self.processor.get_string_value(message) if hasattr(message, "string_value") is False else message.string_value
            said.append(text)
        for text in said:
            if text.startswith(READS):
                for uri in text[len(READS):].split():
                    path = re.sub(r"^file:/+", "/", uri)
                    known = path.startswith(base + "/") and os.path.realpath(path).startswith(base + "/") and os.path.isfile(path)
                    if not known and uri not in answer["refused"]:
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
        body = re.sub(r"^\s*<\?xml.*?\?>", "", output, flags=re.S).strip()
        if answer["end"] == "Output" and not body:
            answer["end"] = "NoOutput"
        return answer, output.encode("utf-8")


def serve():
    processor = saxonche.PySaxonProcessor(license=False)
    processor.set_configuration_property("http://saxon.sf.net/feature/allowedProtocols", "file")
    sheets = Sheets(processor)
    # What is needed later cannot be opened later.
    for name in ("latin_1", "iso8859_15", "cp1252", "utf_16", "utf_8_sig", "ascii"):
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
