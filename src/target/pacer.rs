//! No more messages a second than a target can stand.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Gives each message its moment, evenly apart.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pacer {
    /// At most so many a second; as many as like where absent.
    pub fn new(per_second: Option<u32>) -> Self {
        // Rounded up, so that never one more gets into a second.
        let gap = per_second.map_or(0, |n| 1_000_000_000_u64.div_ceil(u64::from(n.max(1))));
        Self { gap: Duration::from_nanos(gap), next: Mutex::default() }
    }

    /// The moment for one more message that is ready at `now`.
    pub fn moment(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let moment = next.map_or(now, |next| next.max(now));
        *next = Some(moment + self.gap);
        moment
    }

    /// Waits for it.
    pub async fn wait(&self) {
        if !self.gap.is_zero() {
            tokio::time::sleep_until(self.moment(Instant::now())).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Instant, Pacer};

    /// The most moments within any second.
    fn most(moments: &[Instant]) -> usize {
        let within = |from: &Instant| {
            let until = *from + Duration::from_secs(1);
            moments.iter().filter(|m| (*from..until).contains(m)).count()
        };
        moments.iter().map(within).max().unwrap_or(0)
    }

    #[test]
    fn no_second_holds_more_than_it_may() {
        let begin = Instant::now();
        for limit in [1, 3, 7, 250] {
            let pacer = Pacer::new(Some(limit));
            // A burst, a pause that saves up nothing, stragglers.
            let ready = (0..1000)
                .map(|n| begin + Duration::from_millis(if n < 400 { 0 } else { 9_000_000 + n }));
            let moments: Vec<Instant> = ready.map(|now| pacer.moment(now)).collect();
            assert!(moments.windows(2).all(|w| w[0] < w[1]), "in order");
            assert_eq!(most(&moments), limit as usize, "{limit} a second, and not fewer");
        }
        let free = Pacer::new(None);
        assert_eq!(free.moment(begin), free.moment(begin));
    }
}
