//! Passing over what is not understood.

use super::Reader;
use crate::wire::Malformed;
use crate::wire::misread::MisreadLog;

impl<'a> Reader<'a> {
    /// What `read` makes of one value; `None`, noted, if it refuses the value.
    ///
    /// # Errors
    /// [`Malformed`] if the structure of the value is broken.
    #[inline(always)]
    pub(crate) fn tolerate<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        let (at, depth) = (self.at, self.depth);
        match read(self) {
            Ok(value) => Ok(Some(value)),
            Err(fault) => {
                (self.at, self.depth) = (at, depth);
                self.pass_and_note(fault)?;
                Ok(None)
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn pass_and_note(&mut self, fault: Malformed) -> Result<(), Malformed> {
        let place = self.pass_odd(fault)?;
        self.note(place, fault.what);
        Ok(())
    }

    /// Reads an array: `element` must read one value each time. An element that it refuses is
    /// passed over and noted. Returns how many these are.
    ///
    /// # Errors
    /// [`Malformed`] if it is no array, or its structure is broken.
    #[inline]
    pub fn list<F>(&mut self, mut element: F) -> Result<u64, Malformed>
    where
        F: FnMut(&mut Self) -> Result<(), Malformed>,
    {
        let mut unread = 0_u64;
        self.array(|reader| {
            if reader.tolerate(&mut element)?.is_none() {
                unread = unread.saturating_add(1);
            }
            Ok(())
        })?;
        Ok(unread)
    }

    /// Passes over a value that was refused, and returns where it begins.
    #[cold]
    pub(super) fn pass_odd(&mut self, fault: Malformed) -> Result<usize, Malformed> {
        self.peek();
        let place = self.at;
        self.skip().map(|()| place).map_err(|_| fault)
    }

    #[cold]
    pub(super) fn note(&mut self, place: usize, expected: &'static str) {
        let log = self.misreads.get_or_insert_default();
        MisreadLog::push(log, place, expected);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn an_element_that_is_refused_costs_itself() {
        let mut reader = Reader::new("[1, \"x\", {\"a\":[]}, 2]");
        let mut numbers = Vec::new();
        let unread = reader.list(|reader| {
            numbers.push(reader.u64()?);
            Ok(())
        });
        assert_eq!((unread, numbers), (Ok(2), Vec::from([1, 2])));
        assert_eq!(reader.end(), Ok(()));
        let log = reader.take_misreads().unwrap();
        assert_eq!(log.places().collect::<Vec<_>>(), [4, 9]);
    }

    #[test]
    fn broken_structure_is_not_tolerated() {
        for text in ["[1,\"x]", "[{]", "[1,{\"a\":}", "5"] {
            let mut reader = Reader::new(text);
            let read = reader.list(|reader| reader.u64().map(drop));
            assert!(read.is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_refused_and_comes_again_is_not_noted() {
        let mut reader = Reader::new(r#"{"a":"x","b":{},"a":1}"#);
        let mut last = 0;
        let read = reader.object(|key, reader| {
            match key {
                "a" => last = reader.u64()?,
                _ => reader.skip()?,
            }
            Ok(())
        });
        assert_eq!((read, last), (Ok(()), 1));
        assert!(reader.take_misreads().is_none());
    }

    #[test]
    fn a_reader_that_returns_forgets_what_it_noted_since() {
        let mut reader = Reader::new("{} 5");
        assert_eq!(reader.tolerate(Reader::u64), Ok(None));
        let mark = reader.mark();
        assert_eq!(reader.tolerate(Reader::text), Ok(None));
        reader.return_to(mark);
        assert_eq!(reader.u64(), Ok(5));
        assert_eq!(reader.take_misreads().unwrap().len(), 1);
    }
}
