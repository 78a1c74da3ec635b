using CsCheck;
using XenBlock.Emulator;
using Xunit;

namespace XenBlock.Tests.Emulator;

/// <summary>The two allocators against the plainest model: a list of what is taken.</summary>
public sealed class AllocatorTests
{
    private const int WindowPages = 256;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Window_runs_never_overlap_and_all_come_back(bool fence) =>
        Gen.Int[-20, 40].Array[1, 300].Sample(script =>
        {
            WindowAllocator window = new(WindowPages, WindowPages / 2, fence);
            List<(int Page, int Count)> taken = [];
            foreach (int step in script)
            {
                if (step > 0)
                    Take(window, taken, step);
                else if (taken.Count != 0)
                    GiveBack(window, taken, -step % taken.Count);
            }

            while (taken.Count != 0)
                GiveBack(window, taken, 0);
            Assert.Equal(0, window.PagesInUse);

            // All of it has merged again: the longest run fits.
            Assert.True(window.Take(WindowPages / 2) >= 0);
        });

    [Fact]
    public void Behind_a_fence_an_address_rests_until_nothing_else_is_left()
    {
        WindowAllocator window = new(WindowPages, WindowPages / 2, fence: true);
        int first = window.Take(1);
        Return(window, first, 1);
        HashSet<int> others = [];
        for (int i = 1; i < WindowPages; i++)
        {
            int page = window.Take(1);
            Assert.NotEqual(first, page);
            Assert.True(others.Add(page));
            Return(window, page, 1);
        }

        Assert.Equal(first, window.Take(1));
    }

    [Fact]
    public void Without_a_fence_the_warm_address_comes_first()
    {
        WindowAllocator window = new(WindowPages, WindowPages / 2, fence: false);
        int first = window.Take(4);
        Return(window, first, 4);

        Assert.Equal(first, window.Take(4));
        Assert.False(window.IsTaken(first, 3));
        Assert.False(window.IsTaken(-1, 1));
        Assert.True(window.IsTaken(first, 4));
    }

    [Fact]
    public void Pages_are_contiguous_and_merge_again() =>
        Gen.Int[-20, 20].Array[1, 200].Sample(script =>
        {
            PageAllocator pages = new(100);
            List<(int First, int Count)> taken = [];
            foreach (int step in script)
            {
                if (step > 0)
                {
                    int first = pages.Take(step);
                    Assert.True(first >= 0 || pages.FreePages < 100 - (step - 1));
                    if (first < 0)
                        continue;
                    Assert.DoesNotContain(taken, run => run.First < first + step && first < run.First + run.Count);
                    taken.Add((first, step));
                }
                else if (taken.Count != 0)
                {
                    (int first, int count) = taken[-step % taken.Count];
                    pages.Return(first, count);
                    taken.RemoveAt(-step % taken.Count);
                }

                Assert.Equal(100 - taken.Sum(run => run.Count), pages.FreePages);
            }

            foreach ((int first, int count) in taken)
                pages.Return(first, count);
            Assert.Equal(0, pages.Take(100));
        });

    [Fact]
    public void Giving_pages_back_twice_is_our_own_mistake()
    {
        PageAllocator pages = new(10);
        int first = pages.Take(4);
        pages.Return(first, 4);

        Assert.Throws<InvalidOperationException>(() => pages.Return(first, 4));
    }

    private static void Take(WindowAllocator window, List<(int Page, int Count)> taken, int count)
    {
        int page = window.Take(count);
        if (page < 0)
            return;
        Assert.InRange(page, 0, WindowPages - count);
        Assert.DoesNotContain(taken, run => run.Page < page + count && page < run.Page + run.Count);
        Assert.True(window.IsTaken(page, count));
        taken.Add((page, count));
        Assert.Equal(taken.Sum(run => run.Count), window.PagesInUse);
        Assert.True(window.PagesInUse <= WindowPages / 2);
    }

    private static void GiveBack(WindowAllocator window, List<(int Page, int Count)> taken, int index)
    {
        (int page, int count) = taken[index];
        taken.RemoveAt(index);
        Return(window, page, count);
    }

    private static void Return(WindowAllocator window, int page, int count)
    {
        window.Retire(page);
        window.Return(page, count);
    }
}
