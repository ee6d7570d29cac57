//! The C ABI of the registration page's WebAssembly: `allocate`, `release`, `call`, and the memory. Pointers and nothing
//! else: what a call does stands in `door`. The only file of the house with unsafe code; what was freed is erased first.

#![allow(unsafe_code, reason = "a C ABI is pointers, and an allocator is one by definition")]

use crate::door::Door;
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::{LazyLock, Mutex, PoisonError};
use zeroize::Zeroize;

static DOOR: LazyLock<Mutex<Door>> = LazyLock::new(|| {
    Erasing::reserve();
    Mutex::default()
});

/// Room for a request of `length` bytes. It must be given back with [`release`].
#[unsafe(no_mangle)]
pub(crate) extern "C" fn allocate(length: usize) -> *mut u8 {
    LazyLock::force(&DOOR); // before anything secret comes in
    let_go(vec![0; length])
}

/// Takes back, and erases, what [`allocate`] or [`call`] gave: for an answer its length and the four bytes before it.
///
/// # Safety
/// `start` must have come from one of them, with this length, and be given back once.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn release(start: *mut u8, length: usize) {
    // SAFETY: by the contract above this is the box that was let go there.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(start, length)) });
}

/// Does one request of the door: its answer, behind the answer's length as four bytes, little endian.
///
/// # Safety
/// The `length` bytes at `start` must be readable: a request written into what [`allocate`] gave.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn call(start: *const u8, length: usize) -> *mut u8 {
    // SAFETY: by the contract above.
    let request = unsafe { std::slice::from_raw_parts(start, length) };
    let mut door = DOOR.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = door.call(request);
    if door.is_empty() {
        erase_stack();
    }
    let length = u32::try_from(answer.len()).unwrap_or(0);
    let framed = [length.to_le_bytes().as_slice(), &answer].concat();
    let_go(framed)
}

/// Gives bytes away; [`release`] takes them back.
fn let_go(bytes: Vec<u8>) -> *mut u8 {
    Box::into_raw(bytes.into_boxed_slice()).cast()
}

/// Overwrites what the calls before left on the stack below this one.
#[inline(never)]
fn erase_stack() {
    black_box(&mut [0_u8; STACK_USED_MAX]);
}

/// More than any call uses.
const STACK_USED_MAX: usize = 256 * 1024;

/// The allocator of the standard library, but freed memory is erased: copies that libraries make and drop, JSON among
/// them, leave nothing.
struct Erasing;

impl Erasing {
    /// Has all the memory that the largest campaign needs from the start. The twin in JavaScript copies memory that grows,
    /// and what stood in the old one is not erased.
    fn reserve() {
        if let Ok(layout) = Layout::from_size_align(HEAP_BYTES, 1) {
            // SAFETY: the size is not zero, and what is given back is what was just taken, by the same layout.
            unsafe {
                let start = System.alloc(layout);
                if !start.is_null() {
                    System.dealloc(start, layout);
                }
            }
        }
    }
}

/// A list of 20,000 places of 4 MiB in all, beside the request that brings it, needs less.
const HEAP_BYTES: usize = 32 * 1024 * 1024;

#[global_allocator]
static ALLOCATOR: Erasing = Erasing;

// SAFETY: memory is taken from and given back to `System` unchanged; `realloc` is the trait's own, which copies into fresh
// memory and frees, and so erases, the old.
unsafe impl GlobalAlloc for Erasing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of this same method.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the block is of this layout and still ours.
        unsafe { std::slice::from_raw_parts_mut(start, layout.size()) }.zeroize();
        // SAFETY: as in `alloc`.
        unsafe { System.dealloc(start, layout) }
    }
}
