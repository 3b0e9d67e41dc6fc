//! What goes wrong.

use crate::world::{Step, World};

impl World {
    pub(crate) fn fault(&mut self) {
        let wait = self.dice.roll(1_000, 12_000);
        self.at(wait, Step::Fault);
        if !self.faults {
            return;
        }
        let now = self.now;
        let index = self.dice.roll(0, self.processes.len().max(1) as u64 - 1) as usize;
        match self.dice.roll(0, 9) {
            0 | 1 if index < self.processes.len() => {
                self.kill(index);
                let wait = self.dice.roll(100, 20_000);
                self.at(wait, Step::Start);
            }
            2 | 3 if index < self.processes.len() => {
                let wait = self.dice.roll(1_000, 40_000);
                self.processes[index].paused_until = now + wait;
            }
            4 => self.store.down_until = now + self.dice.roll(500, 20_000),
            5 => self.store.slow_until = now + self.dice.roll(3_000, 20_000),
            6 => self.store.lossy_until = now + self.dice.roll(3_000, 20_000),
            7 | 8 => {
                let lost = self.dice.roll(0, 1_400);
                self.store.lose_since(now.saturating_sub(lost));
                self.store.down_until = now + self.dice.roll(0, 3_000);
                self.step_clock();
            }
            9 if self.dice.chance(40) => {
                self.forget();
                self.store.down_until = now + self.dice.roll(0, 3_000);
                self.step_clock();
            }
            _ => self.step_clock(),
        }
    }

    /// The store forgets all.
    pub(crate) fn forget(&mut self) {
        self.store.forget();
        self.gateway.forget();
        self.has_forgotten = true;
    }

    /// The store's clock is set: by the other machine's that it runs on now, or by its own.
    fn step_clock(&mut self) {
        let by = self.dice.roll(0, 120_000) as i64 - 60_000;
        self.store.ahead += by;
    }
}
