//! Pages as PDF/A-2a (ISO 19005-2, level A): fonts embedded, text with its characters, structure
//! tagged. The library checks while it writes; no independent checker has seen the result.

use std::num::NonZeroU16;

use krilla::color::rgb;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, TableHeaderScope, Tag, TagGroup,
    TagTree,
};
use krilla::{Document, SerializeSettings};

use super::fonts::Typeface;
use super::layout::{Layout, Line, Look, MARGIN, PAGE, Role};
use crate::report::ReportError;

/// What stands on every page, and what the file says of itself.
pub(super) struct About<'a> {
    pub title: &'a str,
    pub language: &'a str,
    /// Above every page.
    pub header: &'a str,
    /// `Seite 1 von 9`, made from the two numbers.
    pub page: &'a dyn Fn(usize, usize) -> String,
    /// When the run ended: what the file says of its making, so that it can be made again.
    pub at: Option<jiff::Timestamp>,
}

struct Faces<'a> {
    regular: &'a Typeface,
    bold: &'a Typeface,
}

/// The file.
///
/// # Errors
/// When it would not keep the standard.
pub(super) fn draw(
    layout: &Layout<'_>,
    regular: &Typeface,
    bold: &Typeface,
    about: &About<'_>,
) -> Result<Vec<u8>, ReportError> {
    let wrong = |what: &str| ReportError::Pdf(what.to_owned());
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .finish()
        .map_err(|e| ReportError::Pdf(format!("{e:?}")))?;
    let settings = SerializeSettings { configuration, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    let faces = Faces { regular, bold };
    let mut of_part: Vec<Vec<Identifier>> = layout.parts.iter().map(|_| vec![]).collect();
    let count = layout.sheets.len();
    for (at, sheet) in layout.sheets.iter().enumerate() {
        let settings =
            PageSettings::from_wh(PAGE.0, PAGE.1).ok_or_else(|| wrong("size of a page"))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        beside(&mut surface, &faces, ArtifactType::Header, 40.0, about.header);
        let number = (about.page)(at + 1, count);
        beside(&mut surface, &faces, ArtifactType::Footer, PAGE.1 - 34.0, &number);
        surface.start_tagged(ContentTag::Artifact(Artifact::new(ArtifactType::Layout, None)));
        surface.set_fill(None);
        surface.set_stroke(Some(Stroke {
            paint: rgb::Color::new(201, 206, 214).into(),
            width: 0.5,
            ..Stroke::default()
        }));
        for (x, y, width) in &sheet.rules {
            let mut path = PathBuilder::new();
            path.move_to(*x, *y);
            path.line_to(x + width, *y);
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        surface.set_stroke(None);
        surface.end_tagged();
        for line in &sheet.lines {
            let tag = match line.part {
                Some(_) => ContentTag::Span(SpanTag::empty()),
                None => ContentTag::Artifact(Artifact::new(ArtifactType::Page, None)),
            };
            let id = surface.start_tagged(tag);
            write(&mut surface, &faces, line);
            surface.end_tagged();
            if let Some(part) = line.part {
                of_part[part].push(id);
            }
        }
        surface.finish();
        page.finish();
    }
    document.set_tag_tree(tree(layout, of_part, about.language));
    let mut outline = Outline::new();
    for (text, page, y) in &layout.outline {
        let place = XyzDestination::new(*page, Point::from_xy(MARGIN, *y));
        outline.push_child(OutlineNode::new(text.clone(), place));
    }
    document.set_outline(outline);
    let mut metadata = Metadata::new()
        .title(about.title.to_owned())
        .language(about.language.to_owned())
        .creator(concat!("Prüfstand ", env!("CARGO_PKG_VERSION")).to_owned());
    if let Some(at) = about.at {
        let at = at.to_zoned(jiff::tz::TimeZone::UTC);
        let number = |n: i8| u8::try_from(n).unwrap_or_default();
        let date = DateTime::new(u16::try_from(at.year()).unwrap_or_default())
            .month(number(at.month()))
            .day(number(at.day()))
            .hour(number(at.hour()))
            .minute(number(at.minute()))
            .second(number(at.second()))
            .utc_offset_hour(0)
            .utc_offset_minute(0);
        metadata = metadata.creation_date(date);
    }
    document.set_metadata(metadata);
    document.finish().map_err(|e| ReportError::Pdf(format!("{e:?}")))
}

/// What stands above and below every page.
fn beside(surface: &mut Surface<'_>, faces: &Faces<'_>, kind: ArtifactType, y: f32, text: &str) {
    surface.start_tagged(ContentTag::Artifact(Artifact::new(kind, None)));
    let text = faces.regular.printable(text);
    let width = PAGE.0 - 2.0 * MARGIN;
    let text = faces.regular.wrap(&text, 7.5, width).into_iter().next().unwrap_or_default();
    let line = Line { x: MARGIN, y, size: 7.5, look: Look::Plain, text, part: None };
    write(surface, faces, &line);
    surface.end_tagged();
}

fn write(surface: &mut Surface<'_>, faces: &Faces<'_>, line: &Line) {
    let face = if line.look.is_bold() { faces.bold } else { faces.regular };
    let (red, green, blue) = line.look.colour();
    surface.set_fill(Some(Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        opacity: NormalizedF32::ONE,
        rule: Default::default(),
    }));
    let glyphs = face.glyphs(&line.text);
    let at = Point::from_xy(line.x, line.y);
    surface.draw_glyphs(at, &glyphs, face.font.clone(), &line.text, line.size, false);
}

/// The structure, in the order in which it is read.
fn tree(layout: &Layout<'_>, of_part: Vec<Vec<Identifier>>, language: &str) -> TagTree {
    let mut groups: Vec<Option<TagGroup>> = layout
        .parts
        .iter()
        .zip(of_part)
        .map(|(part, ids)| {
            let mut group = match part.role {
                Role::Heading(level) => {
                    TagGroup::new(Tag::Hn(NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN), None))
                }
                Role::Paragraph => TagGroup::new(Tag::P),
                Role::Table => TagGroup::new(Tag::Table),
                Role::Row => TagGroup::new(Tag::TR),
                Role::RowHead => TagGroup::new(Tag::TH(TableHeaderScope::Row)),
                Role::ColumnHead => TagGroup::new(Tag::TH(TableHeaderScope::Column)),
                Role::Data => TagGroup::new(Tag::TD),
            };
            for id in ids {
                group.push(Node::Leaf(id));
            }
            Some(group)
        })
        .collect();
    let mut tree = TagTree::new().with_lang(Some(language.to_owned()));
    let mut roots = Vec::new();
    // A part comes after the one it lies within, so the last ones are whole first.
    for at in (0..groups.len()).rev() {
        let Some(group) = groups[at].take() else { continue };
        match layout.parts[at].within {
            None => roots.push(group),
            Some(outer) => children_first(&mut groups[outer], group),
        }
    }
    for root in roots.into_iter().rev() {
        tree.push(Node::Group(root));
    }
    tree
}

/// Puts a part before those that follow it.
fn children_first(outer: &mut Option<TagGroup>, group: TagGroup) {
    if let Some(outer) = outer {
        outer.children.insert(0, Node::Group(group));
    }
}
