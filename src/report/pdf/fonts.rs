//! The two fonts of the report, which are embedded in every file (PDF/A demands it).

use krilla::text::{Font, GlyphId, KrillaGlyph};
use ttf_parser::Face;

const REGULAR: &[u8] = include_bytes!("../../../reports/fonts/DejaVuSansCondensed.ttf");
const BOLD: &[u8] = include_bytes!("../../../reports/fonts/DejaVuSansCondensed-Bold.ttf");

/// A font as it is measured and as it is embedded.
pub(super) struct Typeface {
    face: Face<'static>,
    pub font: Font,
    em: f32,
}

impl Typeface {
    /// None where the file is damaged.
    pub fn load(bold: bool) -> Option<Self> {
        let bytes = if bold { BOLD } else { REGULAR };
        let face = Face::parse(bytes, 0).ok()?;
        let em = f32::from(face.units_per_em());
        Some(Self { face, font: Font::new(bytes.into(), 0)?, em })
    }

    /// A text without characters for which the font has no picture: these are written as `\u{…}`.
    pub fn printable(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\n' => out.push(c),
                '\t' | '\r' => out.push(' '),
                c if self.face.glyph_index(c).is_some() => out.push(c),
                c => out.push_str(&format!("\\u{{{:04X}}}", u32::from(c))),
            }
        }
        out
    }

    fn advance(&self, c: char) -> f32 {
        let glyph = self.face.glyph_index(c).and_then(|g| self.face.glyph_hor_advance(g));
        glyph.map_or(0.5, |a| f32::from(a) / self.em)
    }

    /// Width of a text at this size, points.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|c| self.advance(c)).sum::<f32>() * size
    }

    /// The pictures of a text, each with its place in it.
    pub fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        text.char_indices()
            .map(|(at, c)| {
                let id = self.face.glyph_index(c).map_or(0, |g| u32::from(g.0));
                let range = at..at + c.len_utf8();
                KrillaGlyph::new(GlyphId::new(id), self.advance(c), 0.0, 0.0, 0.0, range, None)
            })
            .collect()
    }

    /// A text in lines no wider than this. Words that are wider by themselves are broken anywhere.
    pub fn wrap(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let mut out = Vec::new();
        for paragraph in text.split('\n') {
            let mut line = String::new();
            let mut used = 0.0;
            for word in paragraph.split_inclusive(' ') {
                let own = self.width(word.trim_end(), size);
                if used > 0.0 && used + own > width {
                    out.push(std::mem::take(&mut line));
                    used = 0.0;
                }
                if own <= width {
                    line.push_str(word);
                    used += self.width(word, size);
                    continue;
                }
                for c in word.chars() {
                    let step = self.advance(c) * size;
                    if used + step > width && !line.is_empty() {
                        out.push(std::mem::take(&mut line));
                        used = 0.0;
                    }
                    line.push(c);
                    used += step;
                }
            }
            out.push(line);
        }
        out
    }
}
