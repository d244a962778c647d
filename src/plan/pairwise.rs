//! Covering arrays: few rows in which every possible pair of levels (or single level, or triple)
//! occurs.
//!
//! Rows are built greedily, each the best of several candidates; then rows are taken out whose
//! share others can take over. Everything is determined by the input. With constraints a tuple
//! counts as impossible only after a search through all rows that could have it.

/// What varies, with the values it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// Its name.
    pub name: String,
    /// Its values.
    pub levels: Vec<String>,
}

/// Factors and which rows of them make sense.
pub struct Model<'a> {
    /// The factors; a row has one level of each.
    pub factors: &'a [Factor],
    /// `false` for a partial row that no full row may extend; an entry is `None` where nothing was
    /// chosen yet. It may answer `true` for a hopeless partial row, at the price of time, but must
    /// be right for full rows.
    pub allowed: &'a dyn Fn(&[Option<usize>]) -> bool,
}

/// What matters more when a model grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// As few rows as can be found.
    #[default]
    Small,
    /// Rows with the first levels come first and do not depend on later levels: a level that is
    /// added at the end of a factor leaves all rows as they are that use lower indices only. Costs
    /// more rows the more the factors differ in their number of levels.
    Stable,
}

/// How an array is built.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// 1 for single levels, 2 for pairs, 3 for triples; other values are brought into that range,
    /// and into the number of factors. For more than 300 levels in all, 3 becomes
    /// 2; for more than 2000, 2 becomes 1.
    pub strength: usize,
    /// What matters more.
    pub order: Order,
    /// Rows to begin with, such as those of an earlier plan: they are kept in front, unchanged, as
    /// long as the model allows them. Others and repeated ones are dropped.
    pub keep: &'a [Vec<usize>],
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { strength: 2, order: Order::Small, keep: &[] }
    }
}

/// A tuple of factors, ascending, with their levels.
pub type Tuple = Vec<(usize, usize)>;

/// A covering array.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Array {
    /// One level of each factor per row; all rows are allowed.
    pub rows: Vec<Vec<usize>>,
    /// The size of the tuples.
    pub strength: usize,
    /// Tuples that occur in a row, counted in the rows.
    pub covered: usize,
    /// Tuples that some allowed row has, as far as known: all without the impossible and undecided.
    pub possible: usize,
    /// Tuples that no allowed row has: proved by trying.
    pub impossible: Vec<Tuple>,
    /// Tuples for which the search was given up; empty unless constraints are very tangled.
    pub undecided: Vec<Tuple>,
}

/// Candidates per row, for tuples of size 1, 2 and 3.
const CANDIDATES: [usize; 4] = [1, 4, 20, 6];

/// Steps of one search for a full row, and of all searches that end in nothing.
const STEPS: usize = 20_000;
const STEPS_IN_VAIN: usize = 400_000;

/// In how many further orders of factors a search is tried before it is given up.
const ORDERS: usize = 3;

/// How many places are looked at in all to take rows out; only large arrays need more.
const PLACES: usize = 2_000_000;

/// The most levels in all for triples.
const MOST_FOR_TRIPLES: usize = 300;

/// The most levels in all for pairs.
const MOST_FOR_PAIRS: usize = 2000;

/// An array in which every possible tuple occurs.
///
/// A model without factors, or with a factor without levels, has no rows.
pub fn pairwise(model: &Model, options: &Options) -> Array {
    let sizes: Vec<usize> = model.factors.iter().map(|f| f.levels.len()).collect();
    if sizes.is_empty() || sizes.contains(&0) {
        return Array::default();
    }
    let total: usize = sizes.iter().sum();
    let most = if total <= MOST_FOR_TRIPLES {
        3
    } else if total <= MOST_FOR_PAIRS {
        2
    } else {
        1
    };
    let strength = options.strength.clamp(1, most).min(sizes.len());
    let mut maker = Maker::new(model, &sizes, strength);
    maker.keep(options.keep);
    let stages = match options.order {
        Order::Small => vec![usize::MAX],
        Order::Stable => (1..=sizes.iter().copied().max().unwrap_or(1)).collect(),
    };
    for stage in stages {
        maker.build(stage);
    }
    maker.finish()
}

/// What is known of a tuple.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not looked for yet, or no tuple at all.
    Apart,
    /// Looked for.
    Open,
    /// In a row.
    Covered,
    /// In no row with the levels looked at so far.
    Impossible,
    /// Search given up.
    Undecided,
}

/// How a search ended.
enum Search {
    Found,
    Nothing,
    GivenUp,
}

type Partial = Vec<Option<usize>>;

struct Maker<'a> {
    model: &'a Model<'a>,
    sizes: &'a [usize],
    strength: usize,
    /// The number of the first level of each factor; a level's number is the sum.
    first: Vec<usize>,
    /// The number of levels in all.
    total: usize,
    /// By the numbers of its levels, ascending, as digits to the base `total`.
    state: Vec<State>,
    /// Open tuples by level.
    open: Vec<usize>,
    rows: Vec<Partial>,
    in_vain: usize,
    places: usize,
}

impl<'a> Maker<'a> {
    fn new(model: &'a Model<'a>, sizes: &'a [usize], strength: usize) -> Self {
        let first = sizes
            .iter()
            .scan(0, |sum, size| {
                *sum += size;
                Some(*sum - size)
            })
            .collect();
        let total: usize = sizes.iter().sum();
        let state = vec![State::Apart; (0..strength).fold(1, |all, _| all * total)];
        let open = vec![0; total];
        Self {
            model,
            sizes,
            strength,
            first,
            total,
            state,
            open,
            rows: Vec::new(),
            in_vain: 0,
            places: 0,
        }
    }

    fn keep(&mut self, rows: &[Vec<usize>]) {
        for row in rows {
            let fits = row.len() == self.sizes.len()
                && row.iter().zip(self.sizes).all(|(level, size)| level < size);
            let row: Partial = row.iter().copied().map(Some).collect();
            if fits && (self.model.allowed)(&row) && !self.rows.contains(&row) {
                self.add(row);
            }
        }
    }

    /// The tuples of a row that contain a level of a factor, as indices.
    fn around(
        &self,
        row: &[Option<usize>],
        factor: usize,
        level: usize,
        visit: &mut dyn FnMut(usize),
    ) {
        let here = self.first[factor] + level;
        let number = |f: usize| if f == factor { None } else { row[f].map(|l| self.first[f] + l) };
        match self.strength {
            1 => visit(here),
            2 => {
                for other in (0..row.len()).filter_map(number) {
                    visit(here.min(other) * self.total + here.max(other));
                }
            }
            _ => {
                let others: Vec<usize> = (0..row.len()).filter_map(number).collect();
                for (i, a) in others.iter().enumerate() {
                    for b in &others[i + 1..] {
                        let mut all = [here, *a, *b];
                        all.sort_unstable();
                        visit((all[0] * self.total + all[1]) * self.total + all[2]);
                    }
                }
            }
        }
    }

    /// All tuples of a row, each once.
    fn within(&self, row: &[Option<usize>], visit: &mut dyn FnMut(usize)) {
        let mut part: Partial = vec![None; row.len()];
        for (factor, level) in row.iter().enumerate() {
            if let Some(level) = level {
                self.around(&part, factor, *level, visit);
                part[factor] = Some(*level);
            }
        }
    }

    /// The levels of a tuple.
    fn tuple(&self, mut index: usize) -> Tuple {
        let mut out = Vec::new();
        for _ in 0..self.strength {
            let number = index % self.total;
            index /= self.total;
            let factor = self.first.partition_point(|first| *first <= number) - 1;
            out.push((factor, number - self.first[factor]));
        }
        out.reverse();
        out
    }

    fn set(&mut self, index: usize, state: State) {
        let before = std::mem::replace(&mut self.state[index], state);
        for (factor, level) in self.tuple(index) {
            let count = &mut self.open[self.first[factor] + level];
            *count += usize::from(state == State::Open);
            *count -= usize::from(before == State::Open);
        }
    }

    fn add(&mut self, row: Partial) {
        let mut all = Vec::new();
        self.within(&row, &mut |index| all.push(index));
        for index in all {
            self.set(index, State::Covered);
        }
        self.rows.push(row);
    }

    /// All tuples with levels below `stage`.
    fn tuples(&self, stage: usize) -> Vec<usize> {
        // Index so far, and the first factor that may follow.
        let mut all = vec![(0, 0)];
        for _ in 0..self.strength {
            let mut longer = Vec::new();
            for (index, from) in all {
                for factor in from..self.sizes.len() {
                    let first = index * self.total + self.first[factor];
                    let levels = 0..self.sizes[factor].min(stage);
                    longer.extend(levels.map(|level| (first + level, factor + 1)));
                }
            }
            all = longer;
        }
        all.into_iter().map(|(index, _)| index).collect()
    }

    /// Adds rows until no tuple with levels below `stage` is open.
    fn build(&mut self, stage: usize) {
        let fixed = self.rows.len();
        for index in self.tuples(stage) {
            if self.state[index] != State::Covered {
                self.set(index, State::Open);
            }
        }
        while let Some(row) = self.best(stage) {
            self.add(row);
        }
        self.shrink(fixed);
    }

    /// The best of several candidates for the next row; `None` once nothing is open.
    fn best(&mut self, stage: usize) -> Option<Partial> {
        let mut best: Option<(usize, Partial)> = None;
        let (mut candidate, mut given_up) = (0, 0);
        while candidate < CANDIDATES[self.strength] {
            // Begin with the level that is missing most.
            let (number, count) =
                self.open.iter().enumerate().max_by_key(|(n, count)| (**count, self.total - n))?;
            if *count == 0 {
                break;
            }
            let seed = self.seed(number, candidate % count)?;
            let mut row: Partial = vec![None; self.sizes.len()];
            for (factor, level) in self.tuple(seed) {
                row[factor] = Some(level);
            }
            let mut numbers = Numbers::new(self.rows.len() * 1000 + candidate + given_up * 100);
            let mut order: Vec<usize> = (0..row.len()).filter(|f| row[*f].is_none()).collect();
            numbers.shuffle(&mut order);
            match self.complete(&mut row, &order, stage, &mut numbers) {
                Search::Found => {
                    let mut gain = 0;
                    self.within(&row, &mut |i| gain += usize::from(self.state[i] == State::Open));
                    if best.as_ref().is_none_or(|(most, _)| gain > *most) {
                        best = Some((gain, row));
                    }
                    candidate += 1;
                }
                Search::Nothing => self.set(seed, State::Impossible),
                // Another order of factors may meet the constraint earlier.
                Search::GivenUp if given_up < ORDERS => given_up += 1,
                Search::GivenUp => {
                    self.set(seed, State::Undecided);
                    given_up = 0;
                }
            }
        }
        best.map(|(_, row)| row)
    }

    /// An open tuple with a level, the `nth`.
    fn seed(&self, number: usize, nth: usize) -> Option<usize> {
        let open = |index: &usize| self.state[*index] == State::Open;
        let pair = |a: usize, b: usize| a.min(b) * self.total + a.max(b);
        match self.strength {
            1 => Some(number).filter(open),
            2 => (0..self.total).map(|other| pair(number, other)).filter(open).nth(nth),
            _ => (0..self.total)
                .flat_map(|a| (a + 1..self.total).map(move |b| (a, b)))
                .map(|(a, b)| {
                    let mut all = [number, a, b];
                    all.sort_unstable();
                    (all[0] * self.total + all[1]) * self.total + all[2]
                })
                .filter(open)
                .nth(nth),
        }
    }

    /// Completes a row in an order of factors; each takes the level that covers most, others only
    /// where constraints force it. Tries everything before it says that there is nothing.
    fn complete(
        &mut self,
        row: &mut Partial,
        order: &[usize],
        stage: usize,
        numbers: &mut Numbers,
    ) -> Search {
        let allowed = self.model.allowed;
        if !allowed(row) {
            return Search::Nothing;
        }
        let limit = if self.in_vain > STEPS_IN_VAIN { 4 * self.total } else { STEPS };
        // waiting[i]: levels of order[i] still to try, the best last
        let mut waiting: Vec<Vec<usize>> = Vec::new();
        let mut steps = 0;
        while let Some(factor) = order.get(waiting.len()) {
            waiting.push(self.ranked(row, *factor, stage, numbers));
            // Take the next level that is allowed, going back where there is none.
            loop {
                let Some(factor) = waiting.len().checked_sub(1).and_then(|last| order.get(last))
                else {
                    self.in_vain += steps;
                    return Search::Nothing;
                };
                let level = waiting.last_mut().and_then(Vec::pop);
                row[*factor] = level;
                if level.is_none() {
                    waiting.pop();
                    continue;
                }
                steps += 1;
                if allowed(row) {
                    break;
                }
                if steps > limit {
                    self.in_vain += steps;
                    return Search::GivenUp;
                }
            }
        }
        Search::Found
    }

    /// The levels of a factor below `stage`, those last that cover most with what is chosen.
    fn ranked(
        &self,
        row: &[Option<usize>],
        factor: usize,
        stage: usize,
        numbers: &mut Numbers,
    ) -> Vec<usize> {
        let mut levels: Vec<(usize, usize, usize)> = self
            .gains(row, factor, self.sizes[factor].min(stage))
            .into_iter()
            .enumerate()
            .map(|(level, gain)| (gain, numbers.next(), level))
            .collect();
        levels.sort_unstable();
        levels.into_iter().map(|(.., level)| level).collect()
    }

    /// How many open tuples each of the first levels of a factor would cover.
    fn gains(&self, row: &[Option<usize>], factor: usize, levels: usize) -> Vec<usize> {
        let mut gains = vec![0; levels];
        if self.strength != 2 {
            for (level, gain) in gains.iter_mut().enumerate() {
                self.around(row, factor, level, &mut |index| {
                    *gain += usize::from(self.state[index] == State::Open);
                });
            }
            return gains;
        }
        // The same for pairs, where nearly all the time goes.
        let first = self.first[factor];
        for (other, level) in row.iter().enumerate() {
            let Some(level) = level else { continue };
            let number = self.first[other] + level;
            let (mut index, step) = match other.cmp(&factor) {
                std::cmp::Ordering::Less => (number * self.total + first, 1),
                std::cmp::Ordering::Equal => continue,
                std::cmp::Ordering::Greater => (first * self.total + number, self.total),
            };
            for gain in &mut gains {
                *gain += usize::from(matches!(self.state[index], State::Open));
                index += step;
            }
        }
        gains
    }

    /// Takes out rows from `fixed` on whose share the other new rows can take over, at places that
    /// they do not need themselves.
    fn shrink(&mut self, fixed: usize) {
        let mut counts = vec![0u32; self.state.len()];
        for row in &self.rows {
            self.within(row, &mut |index| counts[index] += 1);
        }
        let mut again = true;
        while again {
            again = false;
            let mut row = fixed;
            while row < self.rows.len() && self.places < PLACES {
                if self.without(row, fixed, &mut counts) {
                    again = true;
                } else {
                    row += 1;
                }
            }
        }
    }

    /// Takes out one row if the others can take over; else everything stays as it was.
    fn without(&mut self, gone: usize, fixed: usize, counts: &mut [u32]) -> bool {
        let mut alone = Vec::new();
        self.within(&self.rows[gone], &mut |index| {
            counts[index] -= 1;
            if counts[index] == 0 {
                alone.push(index);
            }
        });
        let mut moved = Vec::new();
        for index in alone {
            if counts[index] > 0 {
                continue;
            }
            if let Some(change) = self.house(index, gone, fixed, counts) {
                moved.push(change);
                continue;
            }
            for (place, before) in moved.into_iter().rev() {
                let after = std::mem::replace(&mut self.rows[place], before);
                self.within(&after, &mut |i| counts[i] -= 1);
                self.within(&self.rows[place], &mut |i| counts[i] += 1);
            }
            self.within(&self.rows[gone], &mut |i| counts[i] += 1);
            return false;
        }
        self.rows.remove(gone);
        true
    }

    /// Changes a row so that it has a tuple, without losing one that no other has; gives its place
    /// and what it was.
    fn house(
        &mut self,
        index: usize,
        gone: usize,
        fixed: usize,
        counts: &mut [u32],
    ) -> Option<(usize, Partial)> {
        let tuple = self.tuple(index);
        for place in (fixed..self.rows.len()).filter(|place| *place != gone) {
            self.places += 1;
            let before = &self.rows[place];
            // Whatever a level that changes is part of must occur elsewhere.
            let mut spare = true;
            for (factor, level) in &tuple {
                if let Some(old) = before[*factor].filter(|old| old != level)
                    && spare
                {
                    self.around(before, *factor, old, &mut |i| spare &= counts[i] > 1);
                }
            }
            if !spare {
                continue;
            }
            let mut row = before.clone();
            for (factor, level) in &tuple {
                row[*factor] = Some(*level);
            }
            if (self.model.allowed)(&row) {
                self.within(before, &mut |i| counts[i] -= 1);
                self.within(&row, &mut |i| counts[i] += 1);
                return Some((place, std::mem::replace(&mut self.rows[place], row)));
            }
        }
        None
    }

    fn finish(self) -> Array {
        let of = |state: State| -> Vec<Tuple> {
            let found = self.state.iter().enumerate().filter(|(_, s)| **s == state);
            found.map(|(index, _)| self.tuple(index)).collect()
        };
        let mut seen = vec![false; self.state.len()];
        for row in &self.rows {
            self.within(row, &mut |index| seen[index] = true);
        }
        let covered = seen.iter().filter(|seen| **seen).count();
        let (impossible, undecided) = (of(State::Impossible), of(State::Undecided));
        let all = self.tuples(usize::MAX).len();
        Array {
            rows: self.rows.iter().map(|row| row.iter().copied().flatten().collect()).collect(),
            strength: self.strength,
            covered,
            possible: all - impossible.len() - undecided.len(),
            impossible,
            undecided,
        }
    }
}

/// Numbers without order, the same ones for the same start.
struct Numbers(u64);

impl Numbers {
    fn new(start: usize) -> Self {
        Self((start as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Xorshift (Marsaglia 2003).
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize
    }

    fn shuffle(&mut self, all: &mut [usize]) {
        for last in (1..all.len()).rev() {
            all.swap(last, self.next() % (last + 1));
        }
    }
}

#[cfg(test)]
mod tests;
