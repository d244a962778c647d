//! Reading what may lie deep inside itself.

/// Stack that each byte of a message may need: the shortest part inside a part takes some 20 bytes, and
/// a reader that calls itself for it takes less than a kilobyte of stack.
const PER_BYTE: usize = 64;
/// Stack that everything may need.
const AT_LEAST: usize = 4 * 1024 * 1024;

/// Does something with a message of this size that may hold messages in messages, on a thread whose
/// stack is deep enough for as many as it can hold. Memory is only taken as deep as it goes. None when
/// there is no such thread.
pub fn on_deep_stack<T: Send>(size: usize, read: impl FnOnce() -> T + Send) -> Option<T> {
    let stack = AT_LEAST.saturating_add(size.saturating_mul(PER_BYTE));
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(stack);
        builder.spawn_scoped(scope, read).ok()?.join().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::on_deep_stack;

    fn depth(left: usize) -> usize {
        let here = std::hint::black_box([left; 16]);
        if left == 0 { 0 } else { 1 + depth(here[3] - 1) }
    }

    #[test]
    fn it_goes_as_deep_as_a_message_can() {
        assert_eq!(on_deep_stack(2_000_000, || depth(100_000)), Some(100_000));
    }
}
