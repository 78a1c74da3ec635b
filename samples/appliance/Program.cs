using XenBlock.Appliance;

return await Init.RunAsync();
