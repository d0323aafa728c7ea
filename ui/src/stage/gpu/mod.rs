//! Our own retained pipelines on a plain [`wgpu::Device`]: bevy's on screen, [`device::OwnDevice`] off screen.

pub mod device;
pub mod map;
pub mod points;

/// An empty uniform buffer, its size rounded up to WebGL2's 16.
pub fn uniform_buffer(device: &wgpu::Device, label: &str, n_bytes: usize) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: n_bytes.next_multiple_of(16) as u64,
        usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}
