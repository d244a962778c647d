//! The only unsafe code: declarations of `shim.c` and the smallest safe handles over them.

#![expect(unsafe_code, reason = "the one door to the C libraries")]

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::NonNull;
use std::sync::{Arc, Once};

type ErrorCallback =
    extern "C" fn(*mut c_void, c_int, c_int, c_int, c_int, *const c_char, *const c_char);
type OpenCallback = extern "C" fn(*const c_char, *mut *const c_char, *mut c_int) -> c_int;

unsafe extern "C" {
    fn ps_init(open: OpenCallback);
    fn ps_libxml_version() -> *const c_char;
    fn ps_libxslt_version() -> *const c_char;
    fn ps_parse(
        data: *const c_char,
        size: c_int,
        url: *const c_char,
        cb: ErrorCallback,
        user: *mut c_void,
    ) -> *mut c_void;
    fn ps_free_doc(doc: *mut c_void);
    fn ps_schema_compile(url: *const c_char, cb: ErrorCallback, user: *mut c_void) -> *mut c_void;
    fn ps_schema_free(schema: *mut c_void);
    fn ps_schema_validate(
        schema: *mut c_void,
        doc: *mut c_void,
        cb: ErrorCallback,
        user: *mut c_void,
    ) -> c_int;
    fn ps_xpath_compile(text: *const c_char, cb: ErrorCallback, user: *mut c_void) -> *mut c_void;
    fn ps_xpath_free(expression: *mut c_void);
    fn ps_xpath_holds(
        expression: *mut c_void,
        doc: *mut c_void,
        names: *const *const c_char,
        cb: ErrorCallback,
        user: *mut c_void,
    ) -> c_int;
    fn ps_xslt_compile(doc: *mut c_void, cb: ErrorCallback, user: *mut c_void) -> *mut c_void;
    fn ps_xslt_free(style: *mut c_void);
    fn ps_xslt_apply(
        style: *mut c_void,
        doc: *mut c_void,
        params: *const *const c_char,
        state: *mut c_int,
        out: *mut *mut c_char,
        size: *mut c_int,
        cb: ErrorCallback,
        user: *mut c_void,
    ) -> c_int;
    fn ps_free_text(text: *mut c_char);
}

/// One message of libxml2 or libxslt, with its own text and line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineMessage {
    /// 1 warning, 2 error, 3 fatal.
    pub level: i32,
    /// libxml2's error number (`xmlParserErrors`).
    pub code: i32,
    /// Line in the input, counted from 1; 0 where the engine knows none.
    pub line: u32,
    /// The file the engine names; empty for the message itself.
    pub file: String,
    /// The engine's text, trimmed.
    pub text: String,
}

/// Files that the engines may read, by the URL under which they ask. Nothing else is ever opened.
pub type Files = BTreeMap<String, Arc<Vec<u8>>>;

thread_local! {
    static FILES: std::cell::RefCell<Option<Arc<Files>>> = const { std::cell::RefCell::new(None) };
    static ASKED: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
}

extern "C" fn open(url: *const c_char, data: *mut *const c_char, size: *mut c_int) -> c_int {
    // SAFETY: the engine passes a NUL-terminated URL and two valid out-pointers; the bytes live as
    // long as the `Arc` in FILES, which `with_files` holds for the whole call into the engine.
    unsafe {
        let url = CStr::from_ptr(url).to_string_lossy();
        FILES.with_borrow(|files| match files.as_ref().and_then(|f| f.get(url.as_ref())) {
            Some(bytes) => {
                *data = bytes.as_ptr().cast();
                *size = c_int::try_from(bytes.len()).unwrap_or(0);
                1
            }
            None => {
                ASKED.with_borrow_mut(|asked| asked.push(url.into_owned()));
                0
            }
        })
    }
}

extern "C" fn collect(
    user: *mut c_void,
    level: c_int,
    _domain: c_int,
    code: c_int,
    line: c_int,
    file: *const c_char,
    message: *const c_char,
) {
    // SAFETY: `user` is the Vec that `collecting` borrows mutably for the duration of the call;
    // both strings are NUL-terminated by the shim.
    unsafe {
        let messages = &mut *user.cast::<Vec<EngineMessage>>();
        if messages.len() < 1000 {
            messages.push(EngineMessage {
                level,
                code,
                line: u32::try_from(line).unwrap_or(0),
                file: CStr::from_ptr(file).to_string_lossy().into_owned(),
                text: CStr::from_ptr(message).to_string_lossy().trim().to_owned(),
            });
        }
    }
}

fn init() {
    static ONCE: Once = Once::new();
    // SAFETY: called once, before any other call into the libraries.
    ONCE.call_once(|| unsafe { ps_init(open) });
}

fn collecting<T>(work: impl FnOnce(*mut c_void) -> T) -> (T, Vec<EngineMessage>) {
    init();
    let mut messages: Vec<EngineMessage> = Vec::new();
    let result = work((&raw mut messages).cast());
    (result, messages)
}

/// Runs `work` while the engines on this thread may read `files`; also returns the URLs they asked
/// for in vain.
pub fn with_files<T>(files: &Arc<Files>, work: impl FnOnce() -> T) -> (T, Vec<String>) {
    FILES.set(Some(files.clone()));
    ASKED.set(Vec::new());
    let result = work();
    FILES.set(None);
    (result, ASKED.take())
}

/// Versions of libxml2 and libxslt the program was built against.
pub fn engine_versions() -> (String, String) {
    // SAFETY: both return static strings.
    unsafe {
        (
            CStr::from_ptr(ps_libxml_version()).to_string_lossy().into_owned(),
            CStr::from_ptr(ps_libxslt_version()).to_string_lossy().into_owned(),
        )
    }
}

/// A parsed document, owned.
pub struct Doc(NonNull<c_void>);

impl Doc {
    /// Parses bytes; `None` when they are not well-formed (the messages say why).
    pub fn parse(data: &[u8], url: &str) -> (Option<Doc>, Vec<EngineMessage>) {
        let Ok(size) = c_int::try_from(data.len()) else {
            return (None, vec![]);
        };
        let url = CString::new(url.replace('\0', "")).unwrap_or_default();
        // SAFETY: data and url live across the call, which copies what it keeps.
        collecting(|user| unsafe {
            NonNull::new(ps_parse(data.as_ptr().cast(), size, url.as_ptr(), collect, user)).map(Doc)
        })
    }

    fn into_raw(self) -> *mut c_void {
        let raw = self.0.as_ptr();
        std::mem::forget(self);
        raw
    }
}

impl Drop for Doc {
    fn drop(&mut self) {
        // SAFETY: owned, freed once.
        unsafe { ps_free_doc(self.0.as_ptr()) }
    }
}

/// A compiled schema.
pub struct Schema(NonNull<c_void>);

// SAFETY: a compiled xmlSchema is only read during validation (libxml2: "Thread safety: schemas
// can be shared, contexts cannot"); every validation makes its own context.
unsafe impl Send for Schema {}
// SAFETY: as above.
unsafe impl Sync for Schema {}

impl Schema {
    /// Compiles the schema at `url`, which must be among the files given by [`with_files`].
    pub fn compile(url: &str) -> (Option<Schema>, Vec<EngineMessage>) {
        let url = CString::new(url.replace('\0', "")).unwrap_or_default();
        // SAFETY: url lives across the call.
        collecting(|user| unsafe {
            NonNull::new(ps_schema_compile(url.as_ptr(), collect, user)).map(Schema)
        })
    }

    /// 0 valid, positive invalid, negative: the validator itself failed.
    pub fn validate(&self, doc: &Doc) -> (i32, Vec<EngineMessage>) {
        // SAFETY: both handles are alive; the document belongs to this thread.
        collecting(|user| unsafe {
            ps_schema_validate(self.0.as_ptr(), doc.0.as_ptr(), collect, user)
        })
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        // SAFETY: owned, freed once.
        unsafe { ps_schema_free(self.0.as_ptr()) }
    }
}

/// A compiled XPath 1.0 expression.
pub struct XPath(NonNull<c_void>);

// SAFETY: a compiled expression is only read during evaluation; each evaluation has a context of
// its own.
unsafe impl Send for XPath {}
// SAFETY: as above.
unsafe impl Sync for XPath {}

impl XPath {
    /// Compiles an expression; the messages say why there is none.
    pub fn compile(text: &str) -> (Option<XPath>, Vec<EngineMessage>) {
        let text = CString::new(text.replace('\0', "")).unwrap_or_default();
        // SAFETY: the text lives across the call, which copies what it keeps.
        collecting(|user| unsafe {
            NonNull::new(ps_xpath_compile(text.as_ptr(), collect, user)).map(XPath)
        })
    }

    /// Its value as a boolean at the root element; `None` when it cannot be evaluated.
    pub fn holds(&self, doc: &Doc, names: &[(&str, &str)]) -> (Option<bool>, Vec<EngineMessage>) {
        let mut strings = Vec::new();
        for (prefix, namespace) in names {
            strings.push(CString::new(prefix.replace('\0', "")).unwrap_or_default());
            strings.push(CString::new(namespace.replace('\0', "")).unwrap_or_default());
        }
        let mut pointers: Vec<*const c_char> = strings.iter().map(|s| s.as_ptr()).collect();
        pointers.push(std::ptr::null());
        // SAFETY: every pointer lives across the call; the document belongs to this thread.
        let (result, messages) = collecting(|user| unsafe {
            ps_xpath_holds(self.0.as_ptr(), doc.0.as_ptr(), pointers.as_ptr(), collect, user)
        });
        (usize::try_from(result).ok().map(|r| r > 0), messages)
    }
}

impl Drop for XPath {
    fn drop(&mut self) {
        // SAFETY: owned, freed once.
        unsafe { ps_xpath_free(self.0.as_ptr()) }
    }
}

/// A compiled stylesheet. Used in the worker process only.
pub struct Stylesheet(NonNull<c_void>);

/// How a transformation ended, as libxslt's context says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndState {
    /// Ran to its end.
    Finished,
    /// Stopped by an error.
    Error,
    /// Stopped by `xsl:message terminate="yes"`.
    Stopped,
}

impl Stylesheet {
    /// Compiles a stylesheet from its parsed document.
    pub fn compile(doc: Doc) -> (Option<Stylesheet>, Vec<EngineMessage>) {
        // SAFETY: on success the stylesheet owns the document. On failure libxslt has either freed
        // it or left it; leaving it is a bounded leak in a worker that is replaced anyway.
        collecting(|user| unsafe {
            NonNull::new(ps_xslt_compile(doc.into_raw(), collect, user)).map(Stylesheet)
        })
    }

    /// Applies the stylesheet. Parameter values are strings, never XPath.
    pub fn apply(
        &self,
        doc: &Doc,
        params: &BTreeMap<String, String>,
    ) -> (EndState, Option<Vec<u8>>, Vec<EngineMessage>) {
        let mut strings = Vec::new();
        for (name, value) in params {
            strings.push(CString::new(name.replace('\0', "")).unwrap_or_default());
            strings.push(CString::new(value.replace('\0', "")).unwrap_or_default());
        }
        let mut pointers: Vec<*const c_char> = strings.iter().map(|s| s.as_ptr()).collect();
        pointers.push(std::ptr::null());
        let (mut state, mut out, mut size) = (1, std::ptr::null_mut(), 0);
        // SAFETY: every pointer lives across the call; the output is copied, then freed once.
        let (text, messages) = collecting(|user| unsafe {
            let result = ps_xslt_apply(
                self.0.as_ptr(),
                doc.0.as_ptr(),
                pointers.as_ptr(),
                &raw mut state,
                &raw mut out,
                &raw mut size,
                collect,
                user,
            );
            let text = (result == 0 && !out.is_null()).then(|| {
                std::slice::from_raw_parts(out.cast::<u8>(), usize::try_from(size).unwrap_or(0))
                    .to_vec()
            });
            ps_free_text(out);
            text
        });
        let state = match state {
            0 => EndState::Finished,
            2 => EndState::Stopped,
            _ => EndState::Error,
        };
        (state, text, messages)
    }
}

impl Drop for Stylesheet {
    fn drop(&mut self) {
        // SAFETY: owned, freed once.
        unsafe { ps_xslt_free(self.0.as_ptr()) }
    }
}
