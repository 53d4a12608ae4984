//! Chance that repeats: a small generator with a seed, so that two runs ask for the same things in the same
//! order. Used by `fill` and by the requests of `ops`. It is no source of secrets.

/// xorshift64*, good enough to spread requests over a table.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        // Zero is the one state that it would never leave.
        Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `end`; 0 where there is nothing to choose from.
    pub fn below(&mut self, end: u64) -> u64 {
        // The upper bits of a product spread evenly enough without a division.
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// One of `all`.
    ///
    /// # Panics
    /// When there is none.
    pub fn one<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_another_seed_others() {
        let take = |seed| {
            let mut chance = Chance::new(seed);
            (0..8).map(|_| chance.next()).collect::<Vec<_>>()
        };
        assert_eq!(take(7), take(7));
        assert_ne!(take(7), take(8));
    }

    #[test]
    fn numbers_below_an_end_reach_everything_and_nothing_else() {
        let mut chance = Chance::new(1);
        let mut seen = [0u32; 10];
        for _ in 0..1000 {
            seen[chance.below(10) as usize] += 1;
        }
        assert!(seen.iter().all(|count| *count > 50), "{seen:?}");
        assert_eq!(chance.below(0), 0);
    }
}
