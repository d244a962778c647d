use std::collections::BTreeSet;

use super::*;

fn factors(sizes: &[usize]) -> Vec<Factor> {
    let levels = |n: &usize| (0..*n).map(|l| l.to_string()).collect();
    let factor = |(i, n)| Factor { name: format!("f{i}"), levels: levels(n) };
    sizes.iter().enumerate().map(factor).collect()
}

fn free(_: &[Option<usize>]) -> bool {
    true
}

fn many(parts: &[(usize, usize)]) -> Vec<usize> {
    parts.iter().flat_map(|(size, times)| vec![*size; *times]).collect()
}

fn array(sizes: &[usize], options: &Options) -> Array {
    pairwise(&Model { factors: &factors(sizes), allowed: &free }, options)
}

/// All rows of a model.
fn all_rows(sizes: &[usize]) -> Vec<Vec<usize>> {
    sizes.iter().fold(vec![Vec::new()], |rows, size| {
        let longer = |row: &Vec<usize>, level| [row.clone(), vec![level]].concat();
        rows.iter().flat_map(|row| (0..*size).map(move |level| longer(row, level))).collect()
    })
}

/// All tuples of a size in rows.
fn tuples_of(rows: &[Vec<usize>], strength: usize) -> BTreeSet<Tuple> {
    let mut all = BTreeSet::new();
    for row in rows {
        let mut found = vec![Tuple::new()];
        for (factor, level) in row.iter().enumerate() {
            for index in 0..found.len() {
                if found[index].len() < strength {
                    found.push([found[index].clone(), vec![(factor, *level)]].concat());
                }
            }
        }
        all.extend(found.into_iter().filter(|tuple| tuple.len() == strength));
    }
    all
}

type Rule = fn(&[Option<usize>]) -> bool;

/// Constraints of every kind: none, on pairs, on chains, only seen on full rows, never met.
const RULES: [Rule; 8] = [
    free,
    |row| !(row[0] == Some(0) && row[1] == Some(0)),
    |row| !(row[0] == Some(1) && row.get(2).is_some_and(|l| l.is_some_and(|l| l != 1))),
    // Levels never fall: many pairs fall with it that no rule names.
    |row| {
        let levels: Vec<usize> = row.iter().copied().flatten().collect();
        levels.windows(2).all(|pair| pair[0] <= pair[1])
    },
    // Nothing is known before the last level.
    |row| row.contains(&None) || row.iter().flatten().sum::<usize>() % 2 == 0,
    |row| row.contains(&None) || row.iter().flatten().sum::<usize>() == 1,
    |row| row[0] != Some(0),
    |row| row.contains(&None),
];

#[test]
fn every_possible_tuple_is_covered_and_no_other_is_called_impossible() {
    let mut models = 0;
    for sizes in
        [vec![2, 2], vec![3, 2, 2], vec![1, 3, 2], vec![3, 3, 3, 2], vec![2, 4, 3, 2], vec![2; 6]]
    {
        let factors = factors(&sizes);
        for rule in RULES {
            let rows: Vec<Vec<usize>> = all_rows(&sizes)
                .into_iter()
                .filter(|row| rule(&row.iter().copied().map(Some).collect::<Vec<_>>()))
                .collect();
            for strength in 1..=3.min(sizes.len()) {
                let possible = tuples_of(&rows, strength);
                let all = tuples_of(&all_rows(&sizes), strength);
                for order in [Order::Small, Order::Stable] {
                    let options = Options { strength, order, ..Options::default() };
                    let found = pairwise(&Model { factors: &factors, allowed: &rule }, &options);
                    assert_eq!(tuples_of(&found.rows, strength), possible, "{sizes:?} {options:?}");
                    assert!(found.rows.iter().all(|row| rows.contains(row)), "{sizes:?}");
                    let impossible: BTreeSet<Tuple> = found.impossible.iter().cloned().collect();
                    assert_eq!(impossible, &all - &possible, "{sizes:?} {options:?}");
                    assert_eq!(impossible.len(), found.impossible.len());
                    assert_eq!((found.covered, found.possible), (possible.len(), possible.len()));
                    assert!(found.undecided.is_empty() && found.strength == strength);
                    assert!(found.rows.len() <= possible.len());
                    models += 1;
                }
            }
        }
    }
    assert_eq!(models, 8 * 2 * (2 + 5 * 3));
}

#[test]
fn the_sizes_keep_up_with_those_of_another_generator() {
    // The sizes that allpairspy 2.5.1 reaches.
    for (sizes, other) in [
        (many(&[(3, 4)]), 9),
        (many(&[(3, 13)]), 17),
        (many(&[(4, 15), (3, 17), (2, 29)]), 37),
        (many(&[(4, 1), (3, 39), (2, 35)]), 27),
        (many(&[(2, 100)]), 15),
        (many(&[(10, 20)]), 219),
        (many(&[(4, 1), (3, 1), (2, 12)]), 13),
        (many(&[(5, 5)]), 31),
        (vec![6, 5, 4, 3, 2], 30),
    ] {
        let found = array(&sizes, &Options::default());
        assert_eq!(found.covered, found.possible);
        assert_eq!(found.covered, tuples_of(&found.rows, 2).len());
        assert!(found.impossible.is_empty() && found.undecided.is_empty());
        let size = found.rows.len();
        assert!(size * 10 <= other * 11, "{sizes:?}: {size} rows, the other {other}");
    }
}

#[test]
fn triples_are_covered_too() {
    // At least 4 * 4 * 4 and 2 * 2 * 2 rows are needed.
    for (sizes, fewest, most) in [(vec![4; 6], 64, 120), (vec![2; 20], 8, 24)] {
        let found = array(&sizes, &Options { strength: 3, ..Options::default() });
        assert_eq!(found.covered, found.possible);
        assert_eq!(found.covered, tuples_of(&found.rows, 3).len());
        assert!((fewest..=most).contains(&found.rows.len()), "{}", found.rows.len());
    }
}

#[test]
fn too_many_levels_lower_the_strength() {
    let sizes = [290, 6, 6];
    assert_eq!(array(&sizes, &Options { strength: 3, ..Options::default() }).strength, 2);
    assert_eq!(array(&[1001, 1001], &Options::default()).strength, 1);
    assert_eq!(array(&[1001, 1001], &Options::default()).rows.len(), 1001);
}

#[test]
fn the_same_model_gives_the_same_rows() {
    let sizes = [4, 3, 3, 2, 2, 5];
    assert_eq!(array(&sizes, &Options::default()), array(&sizes, &Options::default()));
}

#[test]
fn in_stable_order_a_level_at_the_end_leaves_the_rows_before_it() {
    let options = Options { order: Order::Stable, ..Options::default() };
    for factor in 0..4 {
        let old = [3, 3, 3, 3];
        let mut new = old;
        new[factor] += 1;
        let (before, after) = (array(&old, &options).rows, array(&new, &options).rows);
        assert_eq!(after[..before.len()], before, "{factor}");
        assert!(after[before.len()..].iter().all(|row| row[factor] == 3));
    }
    // A short factor: the rows of its old levels that lie below the new index stay.
    let (before, after) = (array(&[4, 2, 4], &options).rows, array(&[4, 3, 4], &options).rows);
    let low = before.iter().take_while(|row| row.iter().all(|l| *l < 2)).count();
    assert!(low >= 4 && after[..low] == before[..low]);
}

#[test]
fn rows_that_are_kept_stay_in_front() {
    let old = array(&[3, 3, 2, 2], &Options::default()).rows;
    let sizes = [4, 3, 2, 2];
    let options = Options { keep: &old, ..Options::default() };
    let new = array(&sizes, &options);
    assert_eq!(new.rows[..old.len()], old);
    assert_eq!(new.covered, new.possible);
    assert_eq!(new.rows.len() - old.len(), 3);
    // What no longer fits is dropped.
    let odd = vec![vec![0, 0, 0, 0], vec![9, 0, 0, 0], vec![0], vec![0, 0, 0, 0], vec![1, 1, 1, 1]];
    let not_ones: Rule = |row| row[0] != Some(1);
    let options = Options { keep: &odd, ..Options::default() };
    let new = pairwise(&Model { factors: &factors(&sizes), allowed: &not_ones }, &options);
    assert_eq!(new.rows[0], [0, 0, 0, 0]);
    assert!(new.rows.iter().filter(|row| **row == [0, 0, 0, 0]).count() == 1);
    assert!(new.rows.iter().all(|row| row[0] != 1));
}

#[test]
fn models_without_rows_have_none() {
    assert_eq!(array(&[], &Options::default()), Array::default());
    assert_eq!(array(&[2, 0, 2], &Options::default()), Array::default());
    let single = array(&[3], &Options::default());
    assert_eq!((single.rows, single.strength), (vec![vec![0], vec![1], vec![2]], 1));
    let never: Rule = |_| false;
    let none =
        pairwise(&Model { factors: &factors(&[2, 2]), allowed: &never }, &Options::default());
    assert!(none.rows.is_empty() && none.covered == 0 && none.possible == 0);
    assert_eq!(none.impossible.len(), 4);
}

#[test]
fn a_tangle_is_given_up_and_said_so() {
    // No row is allowed, but that shows on the last level only.
    let late: Rule = |row| row.contains(&None);
    let sizes = [2; 30];
    let found = pairwise(&Model { factors: &factors(&sizes), allowed: &late }, &Options::default());
    assert!(found.rows.is_empty() && found.impossible.is_empty());
    assert_eq!(found.undecided.len(), 30 * 29 / 2 * 4);
}
