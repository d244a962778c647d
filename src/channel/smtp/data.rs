//! The message after `DATA`: where it ends, without dot-stuffing (RFC 5321 section 4.5.2), and what
//! in it some other server could take for an end. It does not matter how the bytes were cut into
//! packets.

/// Something about the bytes of a message that the standard does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deviation {
    pub kind: Kind,
    /// The bytes, a few of them.
    pub bytes: Vec<u8>,
    /// Offset in the message as sent.
    pub at: usize,
}

/// What kind of deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A dot between line ends of which one is not CRLF: for some servers the end of the message,
    /// so that what follows would be commands (SMTP smuggling).
    Smuggling,
    /// LF without CR.
    BareLf,
    /// CR without LF.
    BareCr,
    /// A line longer than the limit.
    LongLine,
    /// A NUL byte.
    Nul,
}

impl Kind {
    /// Where the standard says so.
    pub fn clause(self) -> &'static str {
        match self {
            Self::Smuggling => "RFC 5321 4.1.1.4",
            Self::BareLf | Self::BareCr => "RFC 5321 2.3.8",
            Self::LongLine => "RFC 5321 4.5.3.1.6",
            Self::Nul => "RFC 5322 2.1",
        }
    }

    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Smuggling => "a dot between line ends that are not both CRLF",
            Self::BareLf => "LF without CR",
            Self::BareCr => "CR without LF",
            Self::LongLine => "a line too long",
            Self::Nul => "a NUL byte",
        }
    }
}

/// What the bytes fed so far mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The message goes on.
    More,
    /// That was the end.
    End,
    /// A shape for smuggling was just completed; feeding may go on.
    Smuggling,
}

/// Where the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// After CRLF, or at the beginning.
    LineStart,
    /// After a dot at the start of a line.
    Dot,
    /// After that and CR.
    DotCr,
    /// Elsewhere.
    Text,
    /// After CR.
    Cr,
}

/// How the line before a dot ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bare {
    /// Not with a bare LF or CR, or there is no dot.
    No,
    /// With one of them.
    End(u8),
    /// With one of them, and then came a dot.
    Dot(u8),
    /// And then CR.
    DotCr(u8),
}

/// Reads a message.
#[derive(Debug)]
pub(super) struct Receiver {
    at: At,
    bare: Bare,
    line: usize,
    max_line: usize,
    max_message: usize,
    offset: usize,
    /// The message so far, without dot-stuffing; nothing more is added beyond the limit.
    pub data: Vec<u8>,
    /// Whether the message is larger than the limit.
    pub too_large: bool,
    /// The first deviation of each kind, and every smuggling shape up to a few.
    pub deviations: Vec<Deviation>,
}

impl Receiver {
    pub fn new(max_message: usize, max_line: usize) -> Self {
        Self {
            at: At::LineStart,
            bare: Bare::No,
            line: 0,
            max_line,
            max_message,
            offset: 0,
            data: Vec::new(),
            too_large: false,
            deviations: Vec::new(),
        }
    }

    /// Bytes fed so far.
    pub fn seen(&self) -> usize {
        self.offset
    }

    /// Reads on; says how many bytes were used and what they meant.
    pub fn feed(&mut self, bytes: &[u8]) -> (usize, Step) {
        for (index, byte) in bytes.iter().enumerate() {
            self.offset += 1;
            match self.byte(*byte) {
                Step::More => {}
                step => return (index + 1, step),
            }
        }
        (bytes.len(), Step::More)
    }

    fn byte(&mut self, byte: u8) -> Step {
        let smuggled = self.shape(byte);
        match (self.at, byte) {
            (At::LineStart, b'.') => self.at = At::Dot,
            (At::Dot, b'\r') => self.at = At::DotCr,
            (At::DotCr, b'\n') => return Step::End,
            // A lone CR after the dot: it was no end, so the CR belongs to the message.
            (At::DotCr, _) => {
                self.push(b'\r');
                self.deviation(Kind::BareCr, vec![b'\r']);
                self.text(byte);
            }
            (At::Cr, b'\n') => {
                self.push(b'\n');
                if self.line > self.max_line {
                    self.deviation(Kind::LongLine, format!("{} bytes", self.line).into_bytes());
                }
                self.line = 0;
                self.at = At::LineStart;
            }
            (At::Cr, _) => {
                self.deviation(Kind::BareCr, vec![b'\r']);
                self.text(byte);
            }
            (At::LineStart | At::Dot | At::Text, _) => self.text(byte),
        }
        if smuggled { Step::Smuggling } else { Step::More }
    }

    fn text(&mut self, byte: u8) {
        self.push(byte);
        self.at = if byte == b'\r' { At::Cr } else { At::Text };
        match byte {
            b'\n' => self.deviation(Kind::BareLf, vec![b'\n']),
            0 => self.deviation(Kind::Nul, vec![0]),
            _ => {}
        }
    }

    fn push(&mut self, byte: u8) {
        self.line += 1;
        if self.data.len() < self.max_message {
            self.data.push(byte);
        } else {
            self.too_large = true;
        }
    }

    /// Watches for ends that are none. Works beside the reader, since a line that ends with a bare
    /// LF is no line for the reader.
    fn shape(&mut self, byte: u8) -> bool {
        let was = self.bare;
        self.bare = match (was, byte) {
            (Bare::End(before), b'.') => Bare::Dot(before),
            (Bare::Dot(before), b'\r') => Bare::DotCr(before),
            // The LF of a CRLF is no bare one.
            (_, b'\n') if !matches!(self.at, At::Cr | At::DotCr) => Bare::End(b'\n'),
            (_, b'\n') => Bare::No,
            // Whether this CR is bare shows with the next byte; before a dot it is.
            (_, b'\r') => Bare::End(b'\r'),
            _ => Bare::No,
        };
        let shape: &[u8] = match (was, self.at, byte) {
            (Bare::Dot(b'\n'), _, b'\n') => b"\n.\n",
            (Bare::Dot(_), _, b'\n') => b"\r.\n",
            (Bare::DotCr(b'\n'), _, b'\n') => b"\n.\r\n",
            (Bare::DotCr(_), _, b'\n') => b"\r.\r\n",
            (Bare::DotCr(b'\n'), _, _) => b"\n.\r",
            (Bare::DotCr(_), _, _) => b"\r.\r",
            (_, At::Dot, b'\n') => b"\r\n.\n",
            (_, At::DotCr, other) if other != b'\n' => b"\r\n.\r",
            _ => return false,
        };
        self.deviation(Kind::Smuggling, shape.to_vec());
        true
    }

    fn deviation(&mut self, kind: Kind, bytes: Vec<u8>) {
        let same = self.deviations.iter().filter(|d| d.kind == kind).count();
        // One of each kind says enough; of smuggling, several shapes may come.
        if same == 0 || (kind == Kind::Smuggling && same < 8) {
            self.deviations.push(Deviation { kind, bytes, at: self.offset });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Receiver, Step};

    /// Feeds in pieces, goes on after smuggling; gives back the receiver, what was left and whether
    /// it ended.
    fn read(wire: &[u8], piece: usize) -> (Receiver, usize, bool) {
        let mut receiver = Receiver::new(1000, 100);
        let mut used = 0;
        for chunk in wire.chunks(piece) {
            let mut chunk = chunk;
            while !chunk.is_empty() {
                let (count, step) = receiver.feed(chunk);
                used += count;
                chunk = &chunk[count..];
                if step == Step::End {
                    return (receiver, wire.len() - used, true);
                }
            }
        }
        (receiver, 0, false)
    }

    #[test]
    fn the_cut_into_packets_does_not_matter() {
        let wire = b"..a\r\n...b\r\n..\r\nc.\r\n.\r\nQUIT\r\n";
        for piece in 1..wire.len() {
            let (receiver, left, ended) = read(wire, piece);
            assert_eq!(receiver.data, b".a\r\n..b\r\n.\r\nc.\r\n");
            assert_eq!((left, ended, receiver.seen()), (6, true, wire.len() - 6));
            assert!(receiver.deviations.is_empty());
        }
    }

    #[test]
    fn only_crlf_dot_crlf_ends_and_the_other_shapes_are_named() {
        let shapes: [&[u8]; 8] = [
            b"\n.\n", b"\n.\r\n", b"\r.\n", b"\r.\r\n", b"\r\n.\n", b"\n.\r", b"\r.\r", b"\r\n.\r",
        ];
        for shape in shapes {
            for piece in [1, 2, 100] {
                let wire = [b"a", shape, b"MAIL\r\n.\r\n"].concat();
                let (receiver, left, ended) = read(&wire, piece);
                assert!(ended && left == 0, "{shape:?}");
                let named: Vec<_> =
                    receiver.deviations.iter().filter(|d| d.kind == Kind::Smuggling).collect();
                assert_eq!(named.len(), 1, "{shape:?}: {:?}", receiver.deviations);
                assert_eq!(named[0].bytes, shape);
            }
        }
    }

    #[test]
    fn ordinary_dots_and_bare_ends_are_no_smuggling() {
        for wire in [&b"a.\r\n.b\r\n.\r\n"[..], b"a\nb.\n\r\n.\r\n", b"a\r\r\n.\r\n", b".\r\n"] {
            let (receiver, _, ended) = read(wire, 1);
            assert!(ended);
            assert!(receiver.deviations.iter().all(|d| d.kind != Kind::Smuggling), "{wire:?}");
        }
        let (receiver, ..) = read(b"a\nb\rc\r\n.\r\n", 3);
        let kinds: Vec<_> = receiver.deviations.iter().map(|d| d.kind).collect();
        assert_eq!(kinds, [Kind::BareLf, Kind::BareCr]);
        assert_eq!(receiver.data, b"a\nb\rc\r\n");
    }

    #[test]
    fn size_and_length_have_limits() {
        let long = [b"x".repeat(99), b"\r\n.\r\n".to_vec()].concat();
        let (receiver, ..) = read(&long, 7);
        assert_eq!(receiver.deviations[0].kind, Kind::LongLine);
        let (receiver, ..) = read(&[b"x\r\n".repeat(400), b".\r\n".to_vec()].concat(), 64);
        assert!(receiver.too_large && receiver.data.len() == 1000);
        let (receiver, ..) = read(&[b"x".repeat(98), b"\r\n.\r\n".to_vec()].concat(), 64);
        assert!(receiver.deviations.is_empty() && !receiver.too_large);
    }
}
