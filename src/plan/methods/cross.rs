//! Two sides in combination: all pairs while they are few, each of either side once beyond.

use std::collections::BTreeMap;

/// The pairs that are tested. Up to `full_up_to` all of them; beyond, as few as leave out nobody on
/// either side, each with the partner that was used least, so that the work grows with the sum.
pub(super) fn crossed<A: Clone + Ord, B: Clone + Ord>(
    pairs: Vec<(A, B)>,
    full_up_to: u32,
) -> Vec<(A, B)> {
    if pairs.len() <= full_up_to as usize {
        return pairs;
    }
    let mut partners: Vec<(A, Vec<B>)> = Vec::new();
    for (a, b) in &pairs {
        match partners.last_mut().filter(|(last, _)| last == a) {
            Some((_, list)) => list.push(b.clone()),
            None => partners.push((a.clone(), vec![b.clone()])),
        }
    }
    let mut used: BTreeMap<B, usize> = BTreeMap::new();
    let mut out = Vec::new();
    for (a, list) in partners {
        let least = list.into_iter().min_by_key(|b| used.get(b).copied().unwrap_or(0));
        if let Some(b) = least {
            *used.entry(b.clone()).or_default() += 1;
            out.push((a, b));
        }
    }
    for (a, b) in pairs {
        if !used.contains_key(&b) {
            used.insert(b.clone(), 1);
            out.push((a, b));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::crossed;
    use std::collections::BTreeSet;

    #[test]
    fn beyond_the_bound_the_work_grows_with_the_sum() {
        let all = |n: u32, m: u32| -> Vec<(u32, u32)> {
            (0..n).flat_map(|a| (0..m).map(move |b| (a, b))).collect()
        };
        assert_eq!(crossed(all(4, 3), 12).len(), 12);
        for (n, m) in [(575, 10), (1150, 10), (6, 40)] {
            let kept = crossed(all(n, m), 200);
            // Nobody is left out, and there are no more than the larger side needs.
            let left: BTreeSet<u32> = kept.iter().map(|p| p.0).collect();
            let right: BTreeSet<u32> = kept.iter().map(|p| p.1).collect();
            assert_eq!((left.len(), right.len()), (n as usize, m as usize));
            assert!(kept.len() <= (n + m) as usize, "{n} {m}: {}", kept.len());
        }
    }
}
