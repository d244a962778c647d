//! Rules on trial (Regelprobe): message → rule → output, without a hub. The same messages, the same
//! expectations and the same checkers as in a run, so that what is said here holds there as well;
//! and what only many quick runs show: twins of each input, and which parts of a rule no input
//! reaches.

mod alone;
mod input;
mod outputs;
mod random;
mod test;
mod twins;

pub use alone::Alone;
pub use input::{Input, Inputs, LeftOut, inputs};
pub use outputs::{Outputs, same_meaning, same_once_written_anew};
pub use random::{Random, RandomInput};
pub use test::{Example, RuleCoverage, RuleTest, Second, Trial, TriedCase, TwinCount, Unreached};
pub use twins::Twin;
