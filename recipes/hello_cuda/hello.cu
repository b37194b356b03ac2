// The talk's "Hello World", in CUDA C: one thread for each letter. With every call checked, and a kernel that convolves.
#include <cstdio>
#include <cstdlib>

#define CHECK(call)                                                                                \
    do {                                                                                           \
        cudaError_t error = (call);                                                                \
        if (error != cudaSuccess) {                                                                \
            fprintf(stderr, "%s, line %d: %s\n", __FILE__, __LINE__, cudaGetErrorString(error));   \
            exit(EXIT_FAILURE);                                                                    \
        }                                                                                          \
    } while (0)

__global__ void hello(signed char *text, const signed char *offsets, int size) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < size) text[i] += offsets[i];  // a block has 32 threads, the greeting six letters
}

// One thread for each pixel of the map: (height - 2) · (width - 2) of them.
__global__ void convolve(const float *image, const float *kernel, float *map, int height, int width) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (y >= height - 2 || x >= width - 2) return;
    float sum = 0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) sum += image[(y + i) * width + x + j] * kernel[3 * i + j];
    map[y * (width - 2) + x] = sum;
}

int main() {
    signed char text[] = "Hello ";
    const signed char offsets[] = {15, 10, 6, 0, -11, 1};
    const int size = sizeof offsets;  // in bytes, and in letters
    printf("%s", (char *)text);

    signed char *text_there, *offsets_there;  // there: in the GPU's memory
    CHECK(cudaMalloc(&text_there, size));
    CHECK(cudaMalloc(&offsets_there, size));
    CHECK(cudaMemcpy(text_there, text, size, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(offsets_there, offsets, size, cudaMemcpyHostToDevice));

    hello<<<1, 32>>>(text_there, offsets_there, size);  // one block
    CHECK(cudaGetLastError());  // a wrong start is told here,
    CHECK(cudaDeviceSynchronize());  // what goes wrong in a kernel only when somebody waits for it

    CHECK(cudaMemcpy(text, text_there, size, cudaMemcpyDeviceToHost));
    CHECK(cudaFree(text_there));
    CHECK(cudaFree(offsets_there));
    printf("%s\n", (char *)text);
    return EXIT_SUCCESS;
}
