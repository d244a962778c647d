//! From headings, paragraphs and tables to lines on pages, with the structure that readers who do not
//! see the pages go by.

use super::fonts::Typeface;

/// A4, points.
pub(super) const PAGE: (f32, f32) = (595.28, 841.89);
/// Left and right.
pub(super) const MARGIN: f32 = 50.0;
const TOP: f32 = 74.0;
const BOTTOM: f32 = 62.0;
/// From one line to the next, by the size of the font.
const LEADING: f32 = 1.32;
const BODY: f32 = 9.0;
const CELL: f32 = 8.2;
const PADDING: f32 = 3.0;

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Look {
    #[default]
    Plain,
    Strong,
    Good,
    Bad,
    Open,
    Missing,
}

impl Look {
    pub fn is_bold(self) -> bool {
        !matches!(self, Self::Plain | Self::Missing)
    }

    /// Red, green, blue.
    pub fn colour(self) -> (u8, u8, u8) {
        match self {
            Self::Plain | Self::Strong => (27, 31, 36),
            Self::Good => (13, 92, 47),
            Self::Bad | Self::Missing => (140, 20, 20),
            Self::Open => (107, 71, 0),
        }
    }
}

/// A cell of a table.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    pub text: String,
    pub look: Look,
}

/// What a part of the document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Heading(u16),
    Paragraph,
    Table,
    Row,
    RowHead,
    ColumnHead,
    Data,
}

/// A part of the document, in the order in which it is read.
#[derive(Debug)]
pub(super) struct Part {
    pub role: Role,
    /// The part it lies within.
    pub within: Option<usize>,
}

/// Text in its place.
#[derive(Debug)]
pub(super) struct Line {
    pub x: f32,
    /// Of the baseline, from the top.
    pub y: f32,
    pub size: f32,
    pub look: Look,
    pub text: String,
    /// The part it belongs to; none where it only repeats something.
    pub part: Option<usize>,
}

/// One page.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub lines: Vec<Line>,
    /// Rules below rows: x, y, width.
    pub rules: Vec<(f32, f32, f32)>,
}

/// Lays out a document.
pub(super) struct Layout<'a> {
    regular: &'a Typeface,
    bold: &'a Typeface,
    pub sheets: Vec<Sheet>,
    pub parts: Vec<Part>,
    /// Headings for the outline: text, page, y.
    pub outline: Vec<(String, usize, f32)>,
    y: f32,
}

impl<'a> Layout<'a> {
    pub fn new(regular: &'a Typeface, bold: &'a Typeface) -> Self {
        Self {
            regular,
            bold,
            sheets: vec![Sheet::default()],
            parts: vec![],
            outline: vec![],
            y: TOP,
        }
    }

    fn face(&self, look: Look) -> &'a Typeface {
        if look.is_bold() { self.bold } else { self.regular }
    }

    fn part(&mut self, role: Role, within: Option<usize>) -> usize {
        self.parts.push(Part { role, within });
        self.parts.len() - 1
    }

    fn left(&self) -> f32 {
        PAGE.1 - BOTTOM - self.y
    }

    fn turn(&mut self) {
        self.sheets.push(Sheet::default());
        self.y = TOP;
    }

    /// Room for so much, or a new page.
    fn room(&mut self, height: f32) {
        if self.left() < height && self.y > TOP {
            self.turn();
        }
    }

    fn put(&mut self, line: Line) {
        if let Some(sheet) = self.sheets.last_mut() {
            sheet.lines.push(line);
        }
    }

    /// A rule across the page, here.
    fn rule(&mut self) {
        let y = self.y;
        if let Some(sheet) = self.sheets.last_mut() {
            sheet.rules.push((MARGIN, y, PAGE.0 - 2.0 * MARGIN));
        }
    }

    pub fn heading(&mut self, level: u16, text: &str) {
        let size = match level {
            1 => 20.0,
            2 => 13.0,
            _ => 10.5,
        };
        self.room(size * LEADING + 60.0);
        if self.y > TOP {
            self.y += size * 0.7;
        }
        let part = self.part(Role::Heading(level), None);
        if level == 2 {
            self.outline.push((text.to_owned(), self.sheets.len() - 1, self.y));
        }
        self.text(text, size, Look::Strong, part);
        self.y += 3.0;
    }

    pub fn paragraph(&mut self, text: &str, look: Look) {
        let part = self.part(Role::Paragraph, None);
        self.text(text, BODY, look, part);
        self.y += 4.0;
    }

    fn text(&mut self, text: &str, size: f32, look: Look, part: usize) {
        let face = self.face(look);
        let lines = face.wrap(&face.printable(text), size, PAGE.0 - 2.0 * MARGIN);
        for text in lines {
            self.room(size * LEADING);
            self.y += size * LEADING;
            let y = self.y - size * 0.3;
            self.put(Line { x: MARGIN, y, size, look, text, part: Some(part) });
        }
    }

    /// Names and values, in two columns.
    pub fn fields(&mut self, rows: &[(String, Cell)]) {
        let table = self.part(Role::Table, None);
        let widths = [0.3, 0.7];
        for (name, value) in rows {
            let name = Cell { text: name.clone(), look: Look::Strong };
            let cells = [name, value.clone()];
            self.row(table, &widths, &cells, [Role::RowHead, Role::Data].as_slice(), None);
        }
        self.y += 6.0;
    }

    /// A table; widths are shares of the line.
    pub fn table(&mut self, head: &[String], widths: &[f32], rows: &[Vec<Cell>]) {
        let table = self.part(Role::Table, None);
        let head: Vec<Cell> =
            head.iter().map(|t| Cell { text: t.clone(), look: Look::Strong }).collect();
        let heads = vec![Role::ColumnHead; head.len()];
        self.room(60.0);
        self.row(table, widths, &head, &heads, None);
        let roles = vec![Role::Data; head.len()];
        for row in rows {
            self.row(table, widths, row, &roles, Some(&head));
        }
        self.y += 6.0;
    }

    /// A row; where it goes on a new page, the head is shown again.
    fn row(
        &mut self,
        table: usize,
        widths: &[f32],
        cells: &[Cell],
        roles: &[Role],
        again: Option<&[Cell]>,
    ) {
        let row = self.part(Role::Row, Some(table));
        let all = PAGE.0 - 2.0 * MARGIN;
        let wrapped: Vec<Vec<String>> = cells
            .iter()
            .zip(widths)
            .map(|(cell, share)| {
                let face = self.face(cell.look);
                face.wrap(&face.printable(&cell.text), CELL, all * share - 2.0 * PADDING)
            })
            .collect();
        let parts: Vec<usize> = roles.iter().map(|role| self.part(*role, Some(row))).collect();
        let step = CELL * LEADING;
        let count = wrapped.iter().map(Vec::len).max().unwrap_or(0);
        let height = step * u16::try_from(count).map_or(f32::MAX, f32::from) + 2.0 * PADDING;
        // A row that fits on a page is not torn.
        if self.left() < height && height < PAGE.1 / 3.0 {
            self.turn_in_table(widths, again);
        }
        self.y += PADDING;
        for at in 0..count {
            if self.left() < step {
                self.turn_in_table(widths, again);
            }
            self.y += step;
            let y = self.y - CELL * 0.3;
            let mut x = MARGIN;
            for (((lines, share), cell), part) in wrapped.iter().zip(widths).zip(cells).zip(&parts)
            {
                if let Some(text) = lines.get(at).filter(|t| !t.is_empty()) {
                    let (text, look) = (text.clone(), cell.look);
                    let line =
                        Line { x: x + PADDING, y, size: CELL, look, text, part: Some(*part) };
                    self.put(line);
                }
                x += all * share;
            }
        }
        self.y += PADDING;
        self.rule();
    }

    fn turn_in_table(&mut self, widths: &[f32], again: Option<&[Cell]>) {
        self.turn();
        let Some(head) = again else { return };
        let all = PAGE.0 - 2.0 * MARGIN;
        self.y += PADDING + CELL * LEADING;
        let (y, mut x) = (self.y - CELL * 0.3, MARGIN);
        for (cell, share) in head.iter().zip(widths) {
            let text = self.bold.printable(&cell.text);
            let line = Line { x: x + PADDING, y, size: CELL, look: cell.look, text, part: None };
            self.put(line);
            x += all * share;
        }
        self.y += PADDING;
        self.rule();
    }
}
