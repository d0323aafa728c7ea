//! A device of our own, for drawing off screen: the bench and `--headless`.

/// The device, its queue and the adapter's words for itself.
pub struct OwnDevice {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub adapter: String,
}

#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    #[error("no graphics adapter; install a Vulkan driver (on Debian without a GPU: mesa-vulkan-drivers): {0}")]
    NoAdapter(#[from] wgpu::RequestAdapterError),
    #[error("the adapter gave no device: {0}")]
    NoDevice(#[from] wgpu::RequestDeviceError),
}

impl OwnDevice {
    /// The best adapter there is; `WGPU_BACKEND` and `WGPU_ADAPTER_NAME` choose another.
    pub async fn open() -> Result<Self, DeviceError> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let adapter = instance.request_adapter(&options).await?;
        let limits = adapter.limits();
        let (device, queue) =
            adapter.request_device(&wgpu::DeviceDescriptor { required_limits: limits, ..Default::default() }).await?;
        let info = adapter.get_info();
        Ok(Self { device, queue, adapter: format!("{} ({}, {})", info.name, info.driver_info, info.backend) })
    }
}

/// A colour target of `size` that can be read back.
pub fn target(device: &wgpu::Device, size: (u32, u32), format: wgpu::TextureFormat) -> wgpu::Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: Some("off-screen target"),
        size: wgpu::Extent3d { width: size.0, height: size.1, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT
            | wgpu::TextureUsages::COPY_SRC
            | wgpu::TextureUsages::TEXTURE_BINDING,
        view_formats: &[],
    })
}

/// The first `width × height` pixels, four bytes each, rows tight. Waits for the GPU.
pub fn read_pixels(
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    texture: &wgpu::Texture,
    (width, height): (u32, u32),
) -> Vec<u8> {
    let bytes_per_row = (width * 4).next_multiple_of(256);
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("read back"),
        size: u64::from(bytes_per_row) * u64::from(height),
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut encoder = device.create_command_encoder(&Default::default());
    encoder.copy_texture_to_buffer(
        texture.as_image_copy(),
        wgpu::TexelCopyBufferInfo {
            buffer: &buffer,
            layout: wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(bytes_per_row), rows_per_image: None },
        },
        wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
    );
    queue.submit([encoder.finish()]);
    buffer.slice(..).map_async(wgpu::MapMode::Read, |_| {});
    if device.poll(wgpu::PollType::wait_indefinitely()).is_err() {
        return Vec::new();
    }
    let mapped = buffer.slice(..).get_mapped_range();
    mapped.chunks_exact(bytes_per_row as usize).flat_map(|row| &row[..width as usize * 4]).copied().collect()
}
